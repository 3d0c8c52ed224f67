import { emptyOutput } from './empty-output';
import { instructionTooLong } from './instruction-too-long';
import { instructionTooShort } from './instruction-too-short';
import { invalidEncoding } from './invalid-encoding';
import { jsonSyntax } from './json-syntax';
import { missingField } from './missing-field';
import { mixedFormats } from './mixed-formats';
import { noAssistantMessage } from './no-assistant-message';
import { notAnObject } from './not-an-object';
import { nothingToTrain } from './nothing-to-train';
import { outputHasRepetition } from './output-has-repetition';
import { outputTooShort } from './output-too-short';
import type { Rule } from './rule';
import { unknownFormat } from './unknown-format';
import { unknownRole } from './unknown-role';
import { wrongType } from './wrong-type';

export { SEVERITIES, SEVERITY_CHOICES } from './rule';
export type { Rule, Severity, SeverityChoice } from './rule';

/** Every rule, in the order in which findings of one record are made; a test holds it equal to the folder. */
export const RULES: readonly Rule[] = [
  invalidEncoding,
  jsonSyntax,
  notAnObject,
  unknownFormat,
  mixedFormats,
  missingField,
  wrongType,
  unknownRole,
  noAssistantMessage,
  emptyOutput,
  nothingToTrain,
  instructionTooShort,
  instructionTooLong,
  outputTooShort,
  outputHasRepetition,
];
