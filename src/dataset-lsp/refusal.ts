const LOOKED_AT = 200;

const CANNOT =
  "(?: (?:currently|simply|really|also))?(?: ?(?:can'?t|cannot|can not|couldn'?t|could not|won'?t|will not|must (?:decline|refuse)|have to (?:decline|refuse)|am (?:currently )?(?:not able|unable)|are (?:not able|unable)|do(?:n'?t| not) (?:feel comfortable|have (?:the )?(?:ability|capability|access|permission)))|'m (?:currently )?(?:not able|unable))";
const NOT = "(?:can'?t|cannot|can not|don'?t|do not|am not|not able|unable|lack)";
const SORRY =
  "(?:(?:oh|well|unfortunately|hello|hi)[,!.]? )?(?:(?:i'?m|i am|we are|we're) )?(?:(?:so|very|truly|really|deeply) )?(?:sorry|(?:my )?apologies|i apologi[sz]e|afraid)";
const HELPING =
  '(?:help(?! but)|assist|fulfill?|comply|answer|respond|provide|generate|create|engage|participate|browse|perform|offer|discuss|produce|process|complete)';

/** Each begins at the start of the answer, in small letters and with straight apostrophes. */
const REFUSALS: readonly RegExp[] = [
  new RegExp(String.raw`^${SORRY}\b[^.!?\n]{0,80}?\b(?:i|we)${CANNOT}\b`),
  new RegExp(
    String.raw`^(?:unfortunately,? |but )?(?:i|we)${CANNOT} (?:\w+ly )?(?:to )?${HELPING}\b[^\n]{0,60}?\b(?:that|this|you|your|with|request|any|such|content|information|instructions|illegal|harmful)\b`,
  ),
  new RegExp(
    String.raw`^(?:(?:unfortunately|sorry|i'm sorry|i am sorry|i apologi[sz]e|but|well),? (?:but )?)?(?:as|i am|i'm) (?:just |only |merely )?an? (?:\w+ )?(?:ai|artificial intelligence|language model|large language model|virtual assistant|chatbot)\b[^.!?\n]{0,120}\b${NOT}\b`,
  ),
  /^it(?:'s| is| would be) (?:not appropriate|inappropriate|not ethical|unethical) (?:for me )?to\b/,
  /^(?:es )?tut mir leid\b[^.!?\n]{0,30}\bich (?:kann|darf|könnte)\b[^.!?\n]{0,80}\b(?:nicht|kein\w*)\b/,
  /^(?:leider|entschuldigung,?) (?:kann|darf|bin) ich\b[^.!?\n]{0,80}\b(?:nicht|kein\w*)\b/,
  /^ich (?:kann|darf) (?:dir|ihnen|dabei|damit|das|diese\w*)\b[^.!?\n]{0,50}\bnicht (?:helfen|weiterhelfen|beantworten|erfüllen|unterstützen)\b/,
  /^als (?:ki|künstliche intelligenz|(?:großes )?sprachmodell|ki-\w+)\b[^.!?\n]{0,120}\b(?:nicht|kein\w*)\b/,
  /^(?:je suis (?:vraiment )?désolée?|désolée?|malheureusement|je regrette)[^.!?\n]{0,60}\bje ne (?:peux|puis|suis pas)\b/,
  /^je ne (?:peux|suis) pas (?:en mesure|vous aider|t'aider|répondre|fournir)\b/,
  /^en tant qu(?:e (?:grand )?modèle|'(?:ia|intelligence artificielle|assistant))\b[^.!?\n]{0,120}(?:\bne |\bn')/,
  /^(?:lo siento|lo lamento|lamento|disculpa|perdón|perdona|desafortunadamente|lamentablemente)\b[^.!?\n]{0,60}\bno (?:puedo|podemos|me es posible)\b/,
  /^no puedo (?:ayudar|responder|proporcionar|cumplir|asistir)/,
  /^como (?:(?:un )?modelo de lenguaje|una? (?:ia|inteligencia artificial|modelo de lenguaje))\b[^.!?\n]{0,120}\bno\b/,
];

/** How all of them begin: nearly every answer is done with after this look. */
const FIRST =
  /^[\s"'“*]{0,4}(?:i['’`]?m?\b|we\b|sorry|unfortunately|as an?\b|well\b|oh\b|hello|hi\b|but\b|my ap|apolog|it\b|es tut|tut mir|leider|entschuld|ich\b|als\b|je\b|désol|malheur|en tant|lo (?:siento|lamento)|lament|disculpa|perd|desafort|no puedo|como\b)/i;

/** Whether an answer begins as a refusal, or as a model that says what it lacks, in English, German, French or Spanish. */
export function isRefusal(text: string): boolean {
  if (!FIRST.test(text)) return false;
  const start = text
    .slice(0, LOOKED_AT)
    .toLowerCase()
    .replace(/[’`‘]/g, "'")
    .replace(/^[\s"'“*]+/, '');
  return REFUSALS.some((refusal) => refusal.test(start));
}
