'use strict';
const { addon, launcher } = require('./native.js');
const { CodexError, unwrap } = require('./lib/errors.js');
const { AuditLog } = require('./lib/audit.js');
const { ExecPolicy } = require('./lib/policy.js');
const { SecurityProfile } = require('./lib/profile.js');
const { Sandbox, exec } = require('./lib/sandbox.js');

exports.CodexError = CodexError;
exports.AuditLog = AuditLog;
exports.ExecPolicy = ExecPolicy;
exports.SecurityProfile = SecurityProfile;
exports.Sandbox = Sandbox;
exports.exec = exec;

// Static members that need the addon are here, so that the files of `lib/` can be read on their own.
Sandbox.capabilities = function capabilities() {
  return JSON.parse(unwrap(() => addon.capabilities(launcher)));
};
