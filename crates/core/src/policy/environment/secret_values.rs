//! Values that have the form of a secret, whatever their variable is named.
//!
//! One pass over the value: a form can start only at a word boundary, and its first byte picks the few rules to try.

use super::packed;

/// What follows the prefix of a token.
#[derive(Clone, Copy)]
enum Tail {
    /// Letters and digits.
    Word,
    /// Letters, digits, `_` and `-`.
    Dashed,
    /// Letters, digits, `_`, `-`, `.`, `/`, `+` and `=`.
    Dotted,
    /// Capitals and digits.
    Upper,
    /// Hexadecimal digits.
    Hex,
}

impl Tail {
    const ALL: [Self; 5] = [Self::Word, Self::Dashed, Self::Dotted, Self::Upper, Self::Hex];
}

/// A token by its prefix, with its [`Tail`] as a number and the shortest tail that makes a token: shorter ones are words that
/// happen to start so.
const fn token(prefix: &'static str, tail: Tail, least: u8, detail: &'static str) -> packed::Row<2> {
    (prefix, [tail as u8, least], detail)
}

/// Tokens by prefix; those with the same first byte stand together.
const TOKENS: &[packed::Row<2>] = &[
    token("ABIA", Tail::Upper, 16, "an AWS key id"),
    token("ACCA", Tail::Upper, 16, "an AWS key id"),
    token("AGE-SECRET-KEY-1", Tail::Upper, 40, "an age private key"),
    token("AIza", Tail::Dashed, 30, "a Google API key"),
    token("AKIA", Tail::Upper, 16, "an AWS key id"),
    token("ASIA", Tail::Upper, 16, "an AWS key id"),
    token("ATATT3", Tail::Dotted, 40, "an Atlassian token"),
    token("ATCTT3", Tail::Dotted, 40, "an Atlassian token"),
    token("Basic ", Tail::Dotted, 12, "an authorization header"),
    token("Bearer ", Tail::Dotted, 12, "an authorization header"),
    token("CCIPAT_", Tail::Dashed, 40, "a CircleCI token"),
    token("GOCSPX-", Tail::Dashed, 20, "a Google client secret"),
    token("HRKU-", Tail::Dashed, 32, "a Heroku key"),
    token("NRAK-", Tail::Upper, 24, "a New Relic key"),
    token("PMAK-", Tail::Dashed, 40, "a Postman API key"),
    token("SG.", Tail::Dotted, 40, "a SendGrid API key"),
    token("bkua_", Tail::Hex, 40, "a Buildkite token"),
    token("dapi", Tail::Hex, 32, "a Databricks token"),
    token("dckr_oat_", Tail::Dashed, 20, "a Docker Hub token"),
    token("dckr_pat_", Tail::Dashed, 20, "a Docker Hub token"),
    token("doo_v1_", Tail::Hex, 40, "a DigitalOcean token"),
    token("dop_v1_", Tail::Hex, 40, "a DigitalOcean token"),
    token("dor_v1_", Tail::Hex, 40, "a DigitalOcean token"),
    token("dp.pt.", Tail::Word, 40, "a Doppler token"),
    token("discord.com/api/webhooks/", Tail::Dotted, 40, "a Discord webhook"),
    token("discordapp.com/api/webhooks/", Tail::Dotted, 40, "a Discord webhook"),
    token("dp.sa.", Tail::Word, 40, "a Doppler token"),
    token("dp.st.", Tail::Dotted, 40, "a Doppler token"),
    token("dt0c01.", Tail::Dotted, 24, "a Dynatrace token"),
    token("dt0s01.", Tail::Dotted, 24, "a Dynatrace token"),
    token("figd_", Tail::Dashed, 30, "a Figma token"),
    token("ghp_", Tail::Word, 20, "a GitHub token"),
    token("gho_", Tail::Word, 20, "a GitHub token"),
    token("ghu_", Tail::Word, 20, "a GitHub token"),
    token("ghs_", Tail::Dotted, 20, "a GitHub token"),
    token("ghr_", Tail::Word, 20, "a GitHub token"),
    token("github_pat_", Tail::Dashed, 20, "a GitHub token"),
    token("glagent-", Tail::Dashed, 20, "a GitLab token"),
    token("glc_", Tail::Dotted, 32, "a Grafana token"),
    token("glcbt-", Tail::Dashed, 16, "a GitLab token"),
    token("gldt-", Tail::Dashed, 16, "a GitLab token"),
    token("glft-", Tail::Dashed, 16, "a GitLab token"),
    token("glimt-", Tail::Dashed, 16, "a GitLab token"),
    token("glpat-", Tail::Dashed, 16, "a GitLab token"),
    token("glptt-", Tail::Dashed, 16, "a GitLab token"),
    token("glrt-", Tail::Dashed, 16, "a GitLab token"),
    token("glsa_", Tail::Dashed, 32, "a Grafana token"),
    token("glsoat-", Tail::Dashed, 16, "a GitLab token"),
    token("gsk_", Tail::Word, 32, "a Groq API key"),
    token("hf_", Tail::Word, 30, "a Hugging Face token"),
    token("hooks.slack.com/services/", Tail::Dotted, 20, "a Slack webhook"),
    token("hvb.", Tail::Dashed, 24, "a Vault token"),
    token("hvs.", Tail::Dashed, 24, "a Vault token"),
    token("hooks.slack.com/triggers/", Tail::Dotted, 20, "a Slack webhook"),
    token("hooks.slack.com/workflows/", Tail::Dotted, 20, "a Slack webhook"),
    token("hooks.zapier.com/hooks/catch/", Tail::Dotted, 12, "a Zapier webhook"),
    token("lin_api_", Tail::Word, 32, "a Linear API key"),
    token("lin_oauth_", Tail::Word, 32, "a Linear token"),
    token("lsv2_", Tail::Dashed, 40, "a LangSmith API key"),
    token("npm_", Tail::Word, 30, "an npm token"),
    token("ntn_", Tail::Word, 40, "a Notion token"),
    token("nvapi-", Tail::Dashed, 40, "an NVIDIA API key"),
    token("ops_eyJ", Tail::Dotted, 40, "a 1Password token"),
    token("pplx-", Tail::Word, 40, "a Perplexity API key"),
    token("pul-", Tail::Hex, 40, "a Pulumi token"),
    token("pypi-AgE", Tail::Dashed, 16, "a PyPI token"),
    token("pcsk_", Tail::Dashed, 40, "a Pinecone API key"),
    token("phx_", Tail::Word, 40, "a PostHog API key"),
    token("pscale_oauth_", Tail::Dashed, 32, "a PlanetScale token"),
    token("pscale_pw_", Tail::Dashed, 32, "a PlanetScale password"),
    token("pscale_tkn_", Tail::Dashed, 32, "a PlanetScale token"),
    token("r8_", Tail::Word, 32, "a Replicate token"),
    token("rk_live_", Tail::Word, 16, "a Stripe key"),
    token("rk_test_", Tail::Word, 16, "a Stripe key"),
    token("rubygems_", Tail::Hex, 40, "a RubyGems token"),
    token("sbp_", Tail::Hex, 40, "a Supabase token"),
    token("secret_", Tail::Word, 40, "a Notion token"),
    token("shpat_", Tail::Hex, 32, "a Shopify token"),
    token("shpss_", Tail::Hex, 32, "a Shopify secret"),
    // The plain form has one unbroken tail: `sk-learn-…` has words.
    token("sk-", Tail::Word, 20, "an API key"),
    token("sk-ant-", Tail::Dashed, 16, "an Anthropic API key"),
    token("sk-or-", Tail::Dashed, 16, "an OpenRouter API key"),
    token("sk-proj-", Tail::Dashed, 16, "an OpenAI API key"),
    token("sk-svcacct-", Tail::Dashed, 16, "an OpenAI API key"),
    token("sk_live_", Tail::Word, 16, "a Stripe key"),
    token("sk_test_", Tail::Word, 16, "a Stripe key"),
    token("sntrys_", Tail::Dotted, 32, "a Sentry token"),
    token("sntryu_", Tail::Hex, 32, "a Sentry token"),
    token("sb_secret_", Tail::Dashed, 24, "a Supabase key"),
    token("shpca_", Tail::Hex, 32, "a Shopify token"),
    token("shppa_", Tail::Hex, 32, "a Shopify password"),
    token("sqa_", Tail::Hex, 40, "a SonarQube token"),
    token("sqp_", Tail::Hex, 40, "a SonarQube token"),
    token("squ_", Tail::Hex, 40, "a SonarQube token"),
    token("tskey-", Tail::Dashed, 16, "a Tailscale key"),
    token("tgp_v1_", Tail::Dashed, 40, "a Together API key"),
    token("tvly-", Tail::Dashed, 24, "a Tavily API key"),
    token("whsec_", Tail::Dotted, 24, "a webhook secret"),
    token("webhook.office.com/webhookb2/", Tail::Dotted, 36, "a Teams webhook"),
    token("xai-", Tail::Word, 40, "an xAI API key"),
    token("xapp-", Tail::Dashed, 16, "a Slack token"),
    token("xox", Tail::Dashed, 10, "a Slack token"),
    token("xkeysib-", Tail::Dashed, 60, "a Brevo API key"),
    token("ya29.", Tail::Dashed, 20, "a Google access token"),
];

static PACKED: [u8; packed::size(TOKENS)] = packed::pack(TOKENS);
static BY_FIRST: packed::Places = packed::by_first(TOKENS);

/// Why the form of `value` says that it is a secret.
pub(super) fn why(value: &[u8]) -> Option<&'static str> {
    let mut before = CLASS_OTHER;
    for (at, byte) in value.iter().enumerate() {
        let class = CLASSES[usize::from(*byte)];
        // Inside a word, and at most marks, there is nothing to look at.
        if class != CLASS_OTHER && (before != CLASS_WORD || class == CLASS_COLON) {
            let rest = &value[at..];
            if class == CLASS_COLON {
                if has_password(rest) {
                    return Some("a URL with a password");
                }
            } else if may_start(rest)
                && let Some(detail) = starts_here(rest)
            {
                return Some(detail);
            }
        }
        before = class;
    }
    None
}

/// Whether any form may start with the first three bytes; the last two are looked at by their low five bits alone.
fn may_start(rest: &[u8]) -> bool {
    let [first, second, third, ..] = rest else {
        return false;
    };
    let (seconds, thirds) = STARTS.get(usize::from(*first)).copied().unwrap_or_default();
    seconds & (1 << (second & 31)) != 0 && thirds & (1 << (third & 31)) != 0
}

fn starts_here(rest: &[u8]) -> Option<&'static str> {
    if is_private_key(rest) {
        return Some("a private key");
    }
    if is_jwt(rest) {
        return Some("a JSON web token");
    }
    packed::rows::<2>(&PACKED, &BY_FIRST, *rest.first()?).find_map(|(prefix, [class, least], detail)| {
        let tail = rest.strip_prefix(prefix)?;
        let letter = prefix != b"xox" || is_slack(tail);
        let (class, least) = (*Tail::ALL.get(usize::from(class))?, usize::from(least));
        (letter && run(tail, class, least) == least).then_some(detail)
    })
}

/// How many bytes of the class `tail` starts with, counted up to `most`.
fn run(tail: &[u8], class: Tail, most: usize) -> usize {
    let fits = |byte: &u8| match class {
        Tail::Word => byte.is_ascii_alphanumeric(),
        Tail::Dashed => byte.is_ascii_alphanumeric() || b"_-".contains(byte),
        Tail::Dotted => byte.is_ascii_alphanumeric() || b"_-./+=".contains(byte),
        Tail::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        Tail::Hex => byte.is_ascii_hexdigit(),
    };
    tail.iter().take(most).take_while(|byte| fits(byte)).count()
}

/// `xox` and one letter of a kind, then a dash.
fn is_slack(tail: &[u8]) -> bool {
    matches!(tail, [b'a'..=b'z', b'-' | b'.', ..])
}

fn is_private_key(rest: &[u8]) -> bool {
    let Some(label) = rest.strip_prefix(b"-----BEGIN ") else {
        return false;
    };
    let label = &label[..label.len().min(40)];
    label.windows(b"PRIVATE KEY".len()).any(|words| words == b"PRIVATE KEY")
}

/// Two base64url parts, the first of which starts with `{"`; a third, the signature, isn't needed to tell.
fn is_jwt(rest: &[u8]) -> bool {
    if !rest.starts_with(b"eyJ") {
        return false;
    }
    let header = run(rest, Tail::Dashed, LONGEST_HEADER);
    match rest.get(header..) {
        Some([b'.', payload @ ..]) => header >= 10 && run(payload, Tail::Dashed, 10) == 10,
        _ => false,
    }
}

/// Bounds the work on a value that is made of many starts.
const LONGEST_HEADER: usize = 512;

/// Whether `rest`, which starts at a colon, is `://user:password@…`.
fn has_password(rest: &[u8]) -> bool {
    let Some(authority) = rest.strip_prefix(b"://") else {
        return false;
    };
    let end = authority
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'\\') || byte.is_ascii_whitespace());
    let authority = &authority[..end.unwrap_or(authority.len())];
    let Some(at) = authority.iter().rposition(|byte| *byte == b'@') else {
        return false;
    };
    let userinfo = &authority[..at];
    userinfo.iter().position(|byte| *byte == b':').is_some_and(|colon| colon + 1 < userinfo.len())
}

const CLASS_OTHER: u8 = 0;
const CLASS_WORD: u8 = 1;
const CLASS_COLON: u8 = 2;
const CLASS_DASH: u8 = 3;

/// What the pass over a value does at each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [CLASS_OTHER; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            classes[byte as usize] = CLASS_WORD;
        }
        byte += 1;
    }
    classes[b':' as usize] = CLASS_COLON;
    classes[b'-' as usize] = CLASS_DASH;
    classes
};

/// By first byte, which is ASCII, the second and the third bytes of all forms, each as a set over their low five bits.
static STARTS: [(u32, u32); 128] = {
    let mut starts = [(0_u32, 0_u32); 128];
    starts[b'-' as usize] = (1 << (b'-' & 31), 1 << (b'-' & 31));
    starts[b'e' as usize] = (1 << (b'y' & 31), 1 << (b'J' & 31));
    let mut index = 0;
    while index < TOKENS.len() {
        let prefix = TOKENS[index].0.as_bytes();
        let start = &mut starts[prefix[0] as usize];
        start.0 |= 1 << (prefix[1] & 31);
        start.1 |= 1 << (prefix[2] & 31);
        index += 1;
    }
    starts
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_found_alone_and_in_a_sentence() {
        for (prefix, [class, _], _) in TOKENS {
            let tail = match Tail::ALL[usize::from(*class)] {
                Tail::Upper => "A1B2C3D4E5".repeat(6),
                _ => "a1b2c3d4e5".repeat(6),
            };
            let kind = if *prefix == "xox" { "b-" } else { "" };
            let value = format!("{prefix}{kind}{tail}");
            assert!(why(value.as_bytes()).is_some(), "{value}");
            assert!(why(format!("key=\"{value}\"").as_bytes()).is_some(), "{value}");
        }
    }
}
