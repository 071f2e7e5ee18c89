'use strict';
const { addon, launcher } = require('./native.js');
const { AuditLog, CodexError, ExecPolicy, Sandbox, SecurityProfile, exec, unwrap } = require('./lib/index.js');

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
