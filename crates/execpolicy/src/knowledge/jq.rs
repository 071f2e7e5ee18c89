//! jq: modules load files, and `env` prints secrets.

use crate::judge::Call;

/// Options with the number of words that they take.
const OPTIONS: &[(&str, usize)] = &[
    ("--null-input", 0),
    ("--raw-input", 0),
    ("--raw-output", 0),
    ("--raw-output0", 0),
    ("--join-output", 0),
    ("--compact-output", 0),
    ("--color-output", 0),
    ("--monochrome-output", 0),
    ("--sort-keys", 0),
    ("--slurp", 0),
    ("--ascii-output", 0),
    ("--exit-status", 0),
    ("--tab", 0),
    ("--seq", 0),
    ("--stream", 0),
    ("--unbuffered", 0),
    ("--help", 0),
    ("--version", 0),
    ("--args", 0),
    ("--jsonargs", 0),
    ("--indent", 1),
    ("--arg", 2),
    ("--argjson", 2),
    ("--slurpfile", 2),
    ("--rawfile", 2),
];

pub(crate) fn check(call: &Call<'_>) -> Result<(), String> {
    let args = call.args();
    let mut filter = None;
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        i += 1;
        if !arg.may_be_option() {
            // The first operand is the filter, the rest are files or strings.
            filter.get_or_insert(arg);
            continue;
        }
        let Some(text) = arg.exact() else {
            return Err(format!("`{}` isn't known before the run and may become an option", arg.text));
        };
        if text == "--" || text == "-" {
            continue;
        }
        if text.starts_with("--") {
            let Some((_, takes)) = OPTIONS.iter().find(|(name, _)| *name == text) else {
                return Err(format!("`{text}` isn't known to be read-only"));
            };
            for value in args.iter().skip(i).take(*takes) {
                if value.many() {
                    return Err(format!("`{}` may become several words", value.text));
                }
            }
            i += takes;
        } else if let Some(bad) = text.chars().skip(1).find(|c| !"nrRjcCMSsaehV".contains(*c)) {
            return Err(format!("`-{bad}` isn't known to be read-only"));
        }
    }
    let Some(filter) = filter else { return Ok(()) };
    let Some(text) = filter.exact() else {
        return Err(format!("its filter `{}` isn't known before the run", filter.text));
    };
    judge(text)
}

fn judge(text: &str) -> Result<(), String> {
    let mut previous = ' ';
    let mut word = String::new();
    let mut lead = ' ';
    for c in text.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_alphanumeric() || c == '_' {
            if word.is_empty() {
                lead = previous;
            }
            word.push(c);
        } else {
            match word.as_str() {
                "import" | "include" | "modulemeta" | "get_search_list" if lead != '.' => {
                    return Err("its filter loads a module".into());
                }
                "env" if lead != '.' => return Err("environments hold secrets".into()),
                // A blank or a comment may stand between the sign and the name.
                "ENV" if lead != '.' => return Err("environments hold secrets".into()),
                _ => {}
            }
            word.clear();
        }
        previous = c;
    }
    Ok(())
}
