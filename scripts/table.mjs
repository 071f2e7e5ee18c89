/** Rows of cells as text, in columns; numbers to the right. */
export function table(head, rows) {
  const widths = head.map((name, column) => Math.max(...[name, ...rows.map((row) => text(row[column]))].map(({ length }) => length)));
  const line = (row) => row.map((cell, column) => (typeof cell === 'number' ? text(cell).padStart(widths[column]) : text(cell).padEnd(widths[column]))).join('  ').trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

function text(cell) {
  return cell === undefined ? '-' : String(cell);
}
