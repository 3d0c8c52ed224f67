/** Numbers that payment services publish for tests, and those of the standards' own examples. */
const TEST_CARDS = new Set(
  '4111111111111111 4242424242424242 4012888888881881 4000056655665556 4000000000000002 4222222222222 5555555555554444 5105105105105100 5200828282828210 2223003122003222 378282246310005 371449635398431 378734493671000 6011111111111117 6011000990139424 3530111333300000 3566002020360505 30569309025904 38520000023237 6200000000000005 4532015112830366 4539578763621486 4929123456789012 5425233430109903 4916338506082832'.split(
    ' ',
  ),
);

/** Luhn's check digit, an issuer's prefix with its length, and no published test number. @param digits only digits */
export function isCardNumber(digits: string): boolean {
  const issued =
    /^4(?:\d{12}|\d{15})$|^5[1-5]\d{14}$|^2(?:2[2-9]|[3-6]\d|7[01])\d{13}$|^3[47]\d{13}$|^6(?:011|5\d\d|4[4-9]\d)\d{12}$|^3(?:0[0-5]|[68]\d)\d{11}$|^35(?:2[89]|[3-8]\d)\d{12}$|^62\d{14,17}$/;
  if (!issued.test(digits) || TEST_CARDS.has(digits) || /(\d)\1{5}|123456/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Length of an IBAN by country (SWIFT's registry). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** The examples of the registry and of the encyclopedias. */
const EXAMPLE_IBANS = new Set(
  'DE89370400440532013000 DE75512108001245126199 DE02120300000000202051 DE12500105170648489890 GB29NWBK60161331926819 GB82WEST12345698765432 GB33BUKB20201555555555 GB98MIDL07009312345678 FR1420041010050500013M02606 FR7630006000011234567890189 NL91ABNA0417164300 NL20INGB0001234567 CH9300762011623852957 ES9121000418450200051332 ES7921000813610123456789 IT60X0542811101000000123456 BE68539007547034 AT611904300234573201 SE4550000000058398257466 NO9386011117947 PL61109010140000071219812874 IE29AIBK93115212345678 LU280019400644750000 DK5000400440116243 FI2112345600000785 PT50000201231234567890154'.split(
    ' ',
  ),
);

/** Country, length and ISO 7064 mod 97-10, and no well-known example. @param iban without spaces, in capitals */
export function isIban(iban: string): boolean {
  if (IBAN_LENGTHS[iban.slice(0, 2)] !== iban.length || EXAMPLE_IBANS.has(iban)) return false;
  let rest = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(char, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1;
}
