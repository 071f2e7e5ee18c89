// A spec that hangs must fail, not hold up the others. No spec comes near this bound.
const SECONDS = 90;

setTimeout(() => {
  console.error(`${process.argv[1]}: still not done after ${SECONDS} s`);
  process.exit(1);
}, SECONDS * 1000).unref();
