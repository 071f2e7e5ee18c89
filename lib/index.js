'use strict';
// What the entries of the package are made of. It is one file when the package is packed.
exports.CodexError = require('./errors.js').CodexError;
exports.unwrap = require('./errors.js').unwrap;
exports.AuditLog = require('./audit.js').AuditLog;
exports.ExecPolicy = require('./policy.js').ExecPolicy;
exports.SecurityProfile = require('./profile.js').SecurityProfile;
exports.Sandbox = require('./sandbox.js').Sandbox;
exports.exec = require('./sandbox.js').exec;
exports.loadProfile = require('./profile.js').loadProfile;
