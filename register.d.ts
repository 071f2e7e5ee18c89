/** Has nothing to import: it is loaded for what it does, by `node --require @openai/codex/register`. */
export {};
