/**
 * The lower triangle L of a symmetric matrix that is L times its transpose, row by row; undefined where the matrix is
 * not positive definite. Only the lower triangle of it is read.
 */
export function factorize(matrix: Float64Array, size: number): Float64Array | undefined {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let j = 0; j <= i; j++) {
      const other = j * size;
      let sum = matrix[row + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (lower[row + k] as number) * (lower[other + k] as number);
      if (i > j) lower[row + j] = sum / (lower[other + j] as number);
      else if (sum > 0) lower[row + j] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}

/** Solves L x = b. */
export function solveLower(lower: Float64Array, size: number, right: Float64Array): Float64Array {
  const solution = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const row = i * size;
    let sum = right[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[row + k] as number) * (solution[k] as number);
    solution[i] = sum / (lower[row + i] as number);
  }
  return solution;
}

/** Solves x with the transpose of L in front of it. */
export function solveUpper(lower: Float64Array, size: number, right: Float64Array): Float64Array {
  const solution = Float64Array.from(right);
  for (let i = size - 1; i >= 0; i--) {
    const row = i * size;
    const value = (solution[i] as number) / (lower[row + i] as number);
    solution[i] = value;
    for (let k = 0; k < i; k++) solution[k] = (solution[k] as number) - (lower[row + k] as number) * value;
  }
  return solution;
}

/** The lower triangle of the inverse of L times its transpose. */
export function inverseOf(lower: Float64Array, size: number): Float64Array {
  // Row i of `columns` is column i of the inverse of L, which is 0 before i.
  const columns = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const column = i * size;
    columns[column + i] = 1 / (lower[column + i] as number);
    for (let j = i + 1; j < size; j++) {
      const row = j * size;
      let sum = 0;
      for (let k = i; k < j; k++) sum -= (lower[row + k] as number) * (columns[column + k] as number);
      columns[column + j] = sum / (lower[row + j] as number);
    }
  }
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < size; k++) sum += (columns[i * size + k] as number) * (columns[j * size + k] as number);
      inverse[i * size + j] = sum;
    }
  return inverse;
}
