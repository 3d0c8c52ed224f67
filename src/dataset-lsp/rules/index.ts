import { blankLine } from './blank-line';
import { conflictingAnswers } from './conflicting-answers';
import { controlTokenInText } from './control-token-in-text';
import { duplicateExample } from './duplicate-example';
import { duplicateKey } from './duplicate-key';
import { emptyMessages } from './empty-messages';
import { emptyOutput } from './empty-output';
import { imageCountMismatch } from './image-count-mismatch';
import { instructionTooLong } from './instruction-too-long';
import { instructionTooShort } from './instruction-too-short';
import { invalidEncoding } from './invalid-encoding';
import { invalidLabel } from './invalid-label';
import { invalidPreference } from './invalid-preference';
import { invalidToolCall } from './invalid-tool-call';
import { invalidToolDefinition } from './invalid-tool-definition';
import { invalidWeight } from './invalid-weight';
import { jsonSyntax } from './json-syntax';
import { languageMismatch } from './language-mismatch';
import { lastTurnNotAssistant } from './last-turn-not-assistant';
import { lengthOutlier } from './length-outlier';
import { missingField } from './missing-field';
import { mixedFormats } from './mixed-formats';
import { mojibake } from './mojibake';
import { nearDuplicate } from './near-duplicate';
import { noAssistantMessage } from './no-assistant-message';
import { notAnObject } from './not-an-object';
import { nothingToTrain } from './nothing-to-train';
import { orphanToolResult } from './orphan-tool-result';
import { outputCopiesInput } from './output-copies-input';
import { outputCutOff } from './output-cut-off';
import { outputHasRepetition } from './output-has-repetition';
import { outputTooShort } from './output-too-short';
import { personalData } from './personal-data';
import { placeholderText } from './placeholder-text';
import { refusal } from './refusal';
import { repeatedRole } from './repeated-role';
import type { Rule } from './rule';
import { secretInText } from './secret-in-text';
import { surroundingSpace } from './surrounding-space';
import { systemNotFirst } from './system-not-first';
import { tooFewExamples } from './too-few-examples';
import { tooManyTokens } from './too-many-tokens';
import { unknownFormat } from './unknown-format';
import { unknownKey } from './unknown-key';
import { unknownRole } from './unknown-role';
import { validationLeak } from './validation-leak';
import { wrongType } from './wrong-type';

export { SEVERITIES, SEVERITY_CHOICES } from './rule';
export type { Rule, Severity, SeverityChoice } from './rule';

/** Every rule, in the order in which findings of one record are made; a test holds it equal to the folder. */
export const RULES: readonly Rule[] = [
  invalidEncoding,
  jsonSyntax,
  notAnObject,
  duplicateKey,
  unknownFormat,
  mixedFormats,
  missingField,
  wrongType,
  emptyMessages,
  unknownRole,
  invalidWeight,
  noAssistantMessage,
  emptyOutput,
  invalidPreference,
  invalidLabel,
  imageCountMismatch,
  invalidToolDefinition,
  invalidToolCall,
  orphanToolResult,
  nothingToTrain,
  repeatedRole,
  systemNotFirst,
  lastTurnNotAssistant,
  unknownKey,
  tooManyTokens,
  blankLine,
  instructionTooShort,
  instructionTooLong,
  outputTooShort,
  outputHasRepetition,
  outputCopiesInput,
  outputCutOff,
  placeholderText,
  controlTokenInText,
  mojibake,
  secretInText,
  personalData,
  languageMismatch,
  surroundingSpace,
  duplicateExample,
  nearDuplicate,
  conflictingAnswers,
  validationLeak,
  tooFewExamples,
  refusal,
  lengthOutlier,
];
