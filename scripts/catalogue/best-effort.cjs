// Loaded before a spec: sandboxes that don't say otherwise take best effort.
'use strict';
const codex = require('../../index.js');

const taken = (options) => (Object.hasOwn(options, 'profile') && options.profile === 'trusted' ? options : { enforcement: 'best-effort', ...options });
const { Sandbox, exec } = codex;

codex.Sandbox = class extends Sandbox {
  constructor(options = {}) {
    super(taken(options));
  }
};
codex.exec = (program, args, options = {}) => exec(program, args, taken(options));
