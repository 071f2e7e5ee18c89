'use strict';
// A stream of bytes as lines of text.
const { StringDecoder } = require('node:string_decoder');

/**
 * Yields the lines of a stream without their ends (`\n` or `\r\n`), and throws for one of more than `limit` characters:
 * a program can't make its reader grow without bound. Then waits for `result`, and throws what it throws.
 */
async function* lines(stream, limit, result) {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const chunk of stream) {
    const text = typeof chunk === 'string' ? chunk : decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = begun + text.slice(start, end);
      begun = '';
      start = end + 1;
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    begun += text.slice(start);
    if (begun.length > limit) throw tooLong(limit);
  }
  begun += decoder.end();
  if (begun !== '') yield begun;
  await result;
}

function tooLong(limit) {
  const error = new RangeError(`a line is longer than maxBuffer, ${limit}; raise it, or read the stream itself`);
  error.code = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
  return error;
}

module.exports = { lines };
