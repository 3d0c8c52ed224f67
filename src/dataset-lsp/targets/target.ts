/**
 * Where a file can be sent besides this machine. A target is one more rule: what that service or library refuses is an
 * error, what it cuts or ignores without a word is a warning in the same breath.
 */
import type { FormatId } from '../../dataset/formats';
import { defineRule, type ExampleContext, type Report, type Rule, type RuleMeta } from '../rules/rule';

export interface Target {
  readonly id: string;
  /** As people call it. */
  readonly name: string;
  /** Page that the limits were read from. */
  readonly source: string;
  readonly formats: readonly FormatId[];
  /** What to do with a record of another format. */
  readonly otherFormats: string;
  readonly examples: { readonly least: number; readonly most?: number };
  /** In bytes. */
  readonly fileSize?: number;
  /** Top-level keys by format; any others are refused. No entry: others are ignored. */
  readonly keys?: Readonly<Partial<Record<FormatId, readonly string[]>>>;
  readonly messageKeys?: readonly string[];
  readonly roles?: readonly string[];
  readonly systemFirst?: true;
  /** User and assistant must take turns. */
  readonly alternation?: true;
  readonly images?: { readonly most: number; readonly base64Only?: true };
  readonly check?: (context: ExampleContext, report: Report) => void;
}

export function targetRule(target: Target, examples: RuleMeta['examples']): Rule {
  return defineRule({
    meta: {
      id: `target-${target.id}`,
      title: `Not accepted by ${target.name}`,
      why: `${target.name} refuses the whole file for one such record, after the upload.`,
      whatToDo: `Change it as the finding says; the limits are those of ${target.source}.`,
      defaultSeverity: 'error',
      options: {},
      examples,
    },
    check: {
      file({ records, first, detection, bytes = 0 }, report) {
        const { least, most = Infinity } = target.examples;
        const line = first?.line ?? 1;
        if (records > 0 && records < least)
          report({
            line,
            mark: 'start',
            message: `${target.name} wants at least ${least} records, this file has ${records}.`,
          });
        if (records > most)
          report({
            line,
            mark: 'start',
            message: `${target.name} takes at most ${most} records, this file has ${records}.`,
          });
        if (target.fileSize !== undefined && bytes > target.fileSize)
          report({
            line,
            mark: 'start',
            message: `${target.name} takes files of at most ${megabytes(target.fileSize)} MB, this one has ${megabytes(bytes)} MB.`,
          });
        if (detection.kind === 'known' && !target.formats.includes(detection.format.id))
          report({
            line,
            mark: 'start',
            message: `${target.name} does not know the format "${detection.format.id}". ${target.otherFormats}`,
          });
      },
      example(context, report) {
        if (!target.formats.includes(context.format.id)) return;
        checkKeys(target, context, report);
        checkMessages(target, context, report);
        checkImages(target, context, report);
        target.check?.(context, report);
      },
    },
  });
}

function megabytes(bytes: number): string {
  return Math.ceil(bytes / 2 ** 20).toLocaleString('en-US');
}

function checkKeys(
  { name, keys, messageKeys }: Target,
  { value, format, turns }: ExampleContext,
  report: Report,
): void {
  const known = keys?.[format.id];
  for (const key of known ? Object.keys(value) : [])
    if (!known!.includes(key))
      report({ pointer: `/${key}`, mark: 'key', message: `${name} refuses the key "${key}". Remove it.` });
  for (const { message, pointer } of messageKeys ? turns : [])
    for (const key of Object.keys(message ?? {}))
      if (!messageKeys!.includes(key))
        report({
          pointer: `${pointer}/${key}`,
          mark: 'key',
          message: `${name} does not know the key "${key}" of a message. Remove it.`,
        });
}

function checkMessages(
  { name, roles, systemFirst, alternation }: Target,
  { turns }: ExampleContext,
  report: Report,
): void {
  let before: string | undefined;
  for (const [i, { role, rolePointer, message, side }] of turns.entries()) {
    if (!message) continue;
    if (roles && !roles.includes(role))
      report({
        pointer: rolePointer,
        message: `${name} does not take the role "${role}" here, only ${roles.join(', ')}.`,
      });
    if (systemFirst && role === 'system' && i > 0)
      report({ pointer: rolePointer, message: `${name} takes a system message only as the first one. Move it there.` });
    if (alternation && role === before && side !== 'rejected')
      report({
        pointer: rolePointer,
        message: `${name} wants user and assistant to take turns, but two messages of "${role}" follow each other. Merge them.`,
      });
    before = role;
  }
}

function checkImages({ name, images }: Target, { turns }: ExampleContext, report: Report): void {
  let count = 0;
  for (const { message, pointer, role } of turns) {
    const content: unknown = message?.['content'];
    if (!Array.isArray(content)) continue;
    for (const [i, part] of (content as readonly unknown[]).entries()) {
      const url = imageUrl(part);
      if (url === undefined) continue;
      count++;
      const at = `${pointer}/content/${i}`;
      if (!images) report({ pointer: at, message: `${name} trains on text only. Remove the image.` });
      else if (role !== 'user') report({ pointer: at, message: `${name} takes images only in messages of the user.` });
      else if (images.base64Only && !url.startsWith('data:image/'))
        report({
          pointer: at,
          message: `${name} takes images only as data:image/…;base64 texts. Put the image itself here.`,
        });
      if (images && count === images.most + 1)
        report({ pointer: at, message: `${name} takes at most ${images.most} images in a record. Remove the others.` });
    }
  }
}

function imageUrl(part: unknown): string | undefined {
  if (typeof part !== 'object' || part === null || !('type' in part) || part.type !== 'image_url') return undefined;
  const image = 'image_url' in part ? part.image_url : undefined;
  if (typeof image === 'string') return image;
  return typeof image === 'object' && image !== null && 'url' in image ? String(image.url) : '';
}
