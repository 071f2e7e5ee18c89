// The results for people.

export function toText({ version, machine, enforcement = [], groups, files = {}, bars }) {
  const { load } = machine;
  return [
    `@openai/codex ${version} · Node ${machine.node} · Linux ${machine.kernel} · ${machine.cpu}, ${machine.cores} cores`
      + ` · load ${load.before.toFixed(2)} before, ${load.after.toFixed(2)} after`,
    ...enforcement.map(enforcementToText),
    ...groups.flatMap(groupToText),
    ...(Object.keys(files).length === 0 ? [] : ['']),
    ...(Object.keys(files).length === 0 ? [] : table(['files', 'bytes', 'gzip'], Object.entries(files).map(([name, size]) => [name, size.bytes, size.gzipBytes]))),
    '',
    ...table(['bars', 'bar', 'value', ''], bars.map(({ name, bar, value, ok }) => [name, bar, number(value), ok ? 'ok' : 'MISSED'])),
  ].join('\n');
}

/** What was on while it was measured, and what was not: a sandbox that does less costs less. */
function enforcementToText({ profile, filesystem, network, processes, seccomp, unenforced }) {
  const layers = [...filesystem, network, processes, ...(seccomp ? ['seccomp'] : [])].join(', ');
  const missing = unenforced.map(({ promise }) => promise).join(', ');
  return `${profile}: ${layers}${missing === '' ? '' : `; not enforced: ${missing}`}`;
}

function groupToText({ title, unit, residentBytes, figures }) {
  const memory = residentBytes === undefined ? '' : `, ${Math.round(residentBytes / 1e6)} MB resident`;
  const rows = Object.entries(figures).map(([name, { p10, median, samples, against, ratio }]) => [
    name, number(p10), number(median), samples, ...(ratio ? [number(ratio.p10), number(ratio.median), against] : ['', '', '']),
  ]);
  return ['', ...table([`${title} (${unit}${memory})`, 'p10', 'median', 'samples', 'p10 ratio', 'median ratio', 'of'], rows)];
}

/** Three digits that matter. */
function number(value) {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

/** The first column and the last one to the left, figures to the right. */
function table(head, rows) {
  const lines = [head, ...rows].map((line) => line.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const last = head.length - 1;
  return lines.map((line) => line
    .map((cell, column) => (column === 0 || (column === last && last > 2) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
    .join('  ')
    .trimEnd());
}
