// Loggers that write the same objects: a child process of the benchmark of the audit log.
// Takes a job as JSON in its argument and prints what it measured as JSON.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import winston from 'winston';
import codex from '../../index.js';

/** Where the secrets of these records can stand. The audit log looks for them everywhere. */
const REDACT = ['env.*', 'argv[*]', 'cwd'];

/** Each opens a file and returns how to log an object and how to have all of them in the file. */
export const LOGGERS = {
  'audit log, from JavaScript': async (file) => {
    const log = await codex.AuditLog.open(file);
    return { write: (object) => log.append(object), end: () => log.close() };
  },
  'pino, async': (file) => withPino(pino.destination({ dest: file, sync: false, minLength: 4096 })),
  'pino, sync': (file) => withPino(pino.destination({ dest: file, sync: true })),
  winston: (file) => {
    const transport = new winston.transports.File({ filename: file });
    const logger = winston.createLogger({ format: winston.format.combine(winston.format.timestamp(), redacted(), winston.format.json()), transports: [transport] });
    return {
      write: (object) => logger.info(object.event, object),
      end: async () => {
        const finished = once(transport, 'finish');
        logger.end();
        await finished;
      },
    };
  },
};

/** An event such as a run leaves. */
export function event(at) {
  const secret = at % 6 === 0 ? ['--header', `Authorization: Bearer abc.def${at}.ghi`] : ['--porcelain', 'src/lib.rs'];
  return {
    event: 'exec.exit', run: `run-${String(at).padStart(8, '0')}`, argv: ['git', 'status', ...secret], env: { CI: '1' }, cwd: '/home/alice/src/project',
    program: '/usr/bin/git', profile: 'workspace-write', decision: 'allow', exit_code: 0, duration_ms: 12.25,
  };
}

function withPino(destination) {
  const logger = pino({ redact: REDACT, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    write: (object) => logger.info(object),
    end: async () => {
      const closed = once(destination, 'close');
      destination.end();
      await closed;
    },
  };
}

/** What pino's `redact` does, for winston, which has nothing of the kind. */
function redacted() {
  return winston.format((info) => ({
    ...info, env: Object.fromEntries(Object.keys(info.env).map((name) => [name, '[Redacted]'])), argv: info.argv.map(() => '[Redacted]'), cwd: '[Redacted]',
  }))();
}

async function measure({ name, records, file }) {
  const objects = Array.from({ length: records }, (_, at) => event(at));
  const { write, end } = await LOGGERS[name](file);
  const before = process.cpuUsage();
  for (let at = 0; at < records; at++) {
    write(objects[at]);
    // Buffers of the asynchronous ones are emptied in between, as in a program that also does something else.
    if (at % 100 === 99) await new Promise(setImmediate);
  }
  await end();
  const { user, system } = process.cpuUsage(before);
  const lines = readFileSync(file, 'utf8').split('\n');
  console.log(JSON.stringify({ records: lines.filter((line) => line.includes('"exec.exit"')).length, cpuMicros: user + system }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await measure(JSON.parse(process.argv[2]));
