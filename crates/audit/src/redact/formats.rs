//! Key formats of services that issue them: what they start with, and what follows.

use std::sync::LazyLock;

/// Characters that a token of some format is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Set {
    /// Letters and digits.
    Alnum,
    /// Hexadecimal digits.
    Hex,
    /// Letters, digits, `_` and `-`.
    Url,
    /// Letters, digits, `_`, `-` and `.`.
    Dotted,
    /// Upper-case letters and digits.
    Upper,
    /// Anything but white space and quotes.
    Word,
}

impl Set {
    pub(super) fn holds(self, b: u8) -> bool {
        match self {
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Hex => b.is_ascii_hexdigit(),
            Self::Url => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Self::Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'),
            Self::Upper => b.is_ascii_uppercase() || b.is_ascii_digit(),
            Self::Word => !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'`' | b';' | b'|' | b'<' | b'>'),
        }
    }
}

/// A published key format: what it starts with, what follows, and how long that is at least.
pub(super) struct Format {
    pub(super) prefix: &'static str,
    pub(super) set: Set,
    pub(super) least: usize,
}

/// The formats, one after the other.
pub(super) static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let all =
        PREFIXES.iter().flat_map(|(set, least, prefixes)| prefixes.split(' ').map(|prefix| (prefix, *set, *least)));
    all.map(|(prefix, set, least)| Format { prefix, set, least: usize::from(least) }).collect()
});

/// What follows, how much of it at least, and behind which prefixes. They are case-sensitive, and documented by the services
/// that issue them. `pypi-AgE` is what the first bytes of all of those come to.
const PREFIXES: &[(Set, u8, &str)] = &[
    (Set::Alnum, 8, "EAACEdEose0cBA"),
    (Set::Url, 8, "pypi-AgE"),
    (
        Set::Word,
        8,
        "hooks.slack.com/services/ discord.com/api/webhooks/ discordapp.com/api/webhooks/ hooks.slack.com/workflows/ hooks.slack.com/triggers/ webhook.office.com/webhookb2/ outlook.office.com/webhook/ hooks.zapier.com/hooks/catch/",
    ),
    (Set::Dotted, 10, "xoxe."),
    (Set::Url, 10, "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp- xoxc-"),
    (Set::Word, 10, "xoxd-"),
    (Set::Alnum, 12, "ghp_ gho_ ghu_ ghs_ ghr_ sk_live_ sk_test_ rk_live_ rk_test_ whsec_ rzp_live_ rzp_test_"),
    (Set::Dotted, 12, "glpat-"),
    (Set::Upper, 12, "AKIA ASIA"),
    (
        Set::Url,
        12,
        "github_pat_ gldt- glrt- glptt- glcbt- dckr_pat_ dckr_oat_ GOCSPX- glft- glagent- glsoat- gloas- glimt- GR1348941 FLWSECK",
    ),
    (Set::Alnum, 16, "shippo_live_ unkey_ shpat_ shpss_ lin_api_ dp.pt. LTAI shpca_ shppa_"),
    (Set::Dotted, 16, "ya29. hvs. hvb. pscale_tkn_ pscale_pw_ pscale_oauth_"),
    (Set::Upper, 16, "AGE-SECRET-KEY-1"),
    (Set::Url, 16, "sk- glsa_ figd_ tvly- sb_secret_ tskey-"),
    (Set::Word, 16, "sntrys_"),
    (Set::Alnum, 19, "NRJS-"),
    (Set::Alnum, 20, "npm_ rubygems_ hf_ gsk_ xai- r8_ pplx- dop_v1_ doo_v1_ PMAT- dor_v1_"),
    (Set::Url, 20, "AIza nvapi- PMAK- sq0atp-"),
    (Set::Word, 20, "ATATT3 ATCTT3"),
    (Set::Alnum, 22, "fw_"),
    (Set::Alnum, 24, "api_org_ rnd_ NRAK-"),
    (Set::Url, 24, "vercel_blob_rw_"),
    (Set::Alnum, 28, "ATBB aio_"),
    (Set::Alnum, 30, "AKID"),
    (Set::Alnum, 32, "dapi key- cio jina_ sbp_ nfp_ vcp_ lin_oauth_ ntn_ sntryu_ hcaik_ phx_ dp.ct. dp.sa."),
    (Set::Dotted, 32, "SG. dp.st."),
    (Set::Hex, 32, "SK fc- e2b_"),
    (
        Set::Url,
        32,
        "signkey- pypi- 1//0 lsv2_ pcsk_ tgp_v1_ sq0csp- access-sandbox- access-development- access-production- xkeysib- HRKU- fo1_ CCIPAT_ CCIPRJ_ duffel_live_ duffel_test_ CFPAT-",
    ),
    (Set::Word, 32, "access_token$ fm2_ glc_"),
    (Set::Url, 35, "AQVN"),
    (Set::Alnum, 36, "pnu_"),
    (Set::Alnum, 40, "oy2 CLOJARS_ ABSK sk_ csk- napi_ secret_ sess- AKLT"),
    (Set::Hex, 40, "pul- sqp_ squ_ sqa_ bkua_"),
    (Set::Url, 40, "tk-us- tfp_"),
    (Set::Word, 40, "ops_eyJ"),
    (Set::Url, 50, "y0_"),
    (Set::Alnum, 54, "EZAK EZTK"),
    (Set::Url, 56, "EAAA"),
    (Set::Alnum, 60, "AKCp"),
    (Set::Alnum, 64, "rdme_"),
    (Set::Dotted, 64, "dt0c01. dt0s01."),
    (Set::Hex, 64, "s-s4t2ud-"),
    (Set::Dotted, 79, "pat"),
    (Set::Url, 80, "EAAB"),
    (Set::Url, 120, "v1.0-"),
];
