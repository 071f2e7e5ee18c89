#[test]
fn t() {
    for l in include_str!("data/policy-corpus.jsonl").lines() {
        let v: serde_json::Value = serde_json::from_str(l).unwrap();
        if v.get("shell").is_some() { continue; }
        let c = v["cmd"].as_str().unwrap();
        let s = codex_execpolicy::x::p(c);
        if let Some(i) = s.find("what:") { println!("{:?} -> {}", c, s[i..].lines().next().unwrap()); }
        else if let Some(i) = s.find("notes: [\n") { println!("{:?} N> {}", c, s[i+9..].lines().next().unwrap()); }
    }
}
