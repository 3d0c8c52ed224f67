/**
 * GPT-2 stores the weights of its linear layers [in, out] (Hugging Face's `Conv1D`), names tensors with or without
 * "transformer." in front, and keeps causal masks among the weights. Here every model has its linear weights [out, in].
 */
import type { TensorInfo } from './tensor-info';

/** The tensors of a GPT-2 as those of other models: full names, linear weights [out, in], no masks. */
export function gpt2Tensors(stored: ReadonlyMap<string, TensorInfo>): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const info of stored.values()) {
    if (/\.attn\.(bias|masked_bias)$/.test(info.name)) continue;
    const name = /^(transformer|lm_head)\./.test(info.name) ? info.name : `transformer.${info.name}`;
    const shape = isConv1d(name) ? [...info.shape].reverse() : info.shape;
    tensors.set(name, { ...info, name, shape });
  }
  return tensors;
}

/** Whether files of GPT-2 hold the tensor transposed. */
export function isConv1d(name: string): boolean {
  return /\.(c_attn|c_proj|c_fc)\.weight$/.test(name);
}

/** [rows, columns] → [columns, rows] */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c]!;
  return result;
}
