import { SIGMOID, TANH } from './dense';
import { Lanes } from './lanes';
import { ROW } from './memory';

/** Replaces the sums of rows by their tanh or sigmoid. */
export function activate(activation: i32, at: usize, units: u32, bytes: usize): void {
  const end = at + <usize>units * ROW;
  if (activation == TANH) {
    for (; at < end; at += ROW) {
      for (let offset: usize = 0; offset < bytes; offset += 16) {
        v128.store(at + offset, Lanes.tanh(v128.load(at + offset)));
      }
    }
  } else if (activation == SIGMOID) {
    for (; at < end; at += ROW) {
      for (let offset: usize = 0; offset < bytes; offset += 16) {
        v128.store(at + offset, Lanes.sigmoid(v128.load(at + offset)));
      }
    }
  }
}
