//! Programs that search files.

use super::{Check, Operands, Program, find};
use crate::judge::{Options, Style};

pub(crate) static PROGRAMS: &[Program] = &[
    Program { names: "find gfind", reason: "its expression only prints names", check: Check::Special(find::check) },
    Program {
        names: "rg",
        reason: "it prints matching lines",
        check: Check::Options(
            Options {
                short: "aA:B:cC:d:e:f:FE:g:HhiIj:lLm:M:nNoPpqr:sSt:T:uUvVwx.0b",
                long: "after-context= auto-hybrid-regex before-context= binary block-buffered byte-offset case-sensitive color= colors= column context= context-separator= count count-matches crlf debug dfa-size-limit= encoding= engine= field-context-separator= field-match-separator= file= files files-with-matches files-without-match fixed-strings follow glob= glob-case-insensitive heading help hidden hyperlink-format= iglob= ignore ignore-case ignore-file= ignore-file-case-insensitive include-zero invert-match json line-buffered line-number line-regexp max-columns= max-columns-preview max-count= max-depth= max-filesize= mmap multiline multiline-dotall no-config no-filename no-heading no-hidden no-ignore no-ignore-dot no-ignore-exclude no-ignore-files no-ignore-global no-ignore-messages no-ignore-parent no-ignore-vcs no-line-number no-messages no-mmap no-unicode null null-data one-file-system only-matching passthru path-separator= pcre2 pcre2-version pretty quiet regex-size-limit= regexp= replace= smart-case sort= sortr= stats stop-on-nonmatch text threads= trace trim type= type-add= type-clear= type-list type-not= unrestricted version vimgrep with-filename word-regexp",
                refused: "pre= pre-glob= hostname-bin= search-zip generate=",
                style: Style::Literal,
            },
            Operands::Any,
        ),
    },
    Program {
        names: "fd fdfind",
        reason: "it prints names",
        check: Check::Options(
            Options {
                short: "HIusigFalLp0d:t:e:S:E:j:c:o:1qhV",
                long: "hidden no-ignore unrestricted case-sensitive ignore-case glob regex fixed-strings absolute-path list-details follow full-path print0 max-depth= min-depth= exact-depth= exclude= type= extension= size= changed-within= changed-before= newer= older= owner= color= threads= max-results= quiet show-errors base-directory= path-separator= search-path= strip-cwd-prefix one-file-system no-ignore-vcs no-ignore-parent no-hidden help version and= prune format= hyperlink=?",
                refused: "exec= exec-batch= batch-size= ignore-file= gen-completions=?",
                style: Style::Gnu,
            },
            Operands::Any,
        ),
    },
];
