//! Prints API changes.
#![allow(missing_docs, clippy::unwrap_used, reason = "scratch")]
use recipe::tree::*;
fn tree(rev: &str) -> Tree {
    let repo = "/work/.mirror/bytecodealliance+wasmtime/repo";
    let out = std::process::Command::new("git").args(["-C", repo, "ls-tree", "-r", "--name-only", rev, "crates/wasi"]).output().unwrap();
    let names = String::from_utf8(out.stdout).unwrap();
    let dir = format!("/tmp/apitrees/{rev}");
    if !std::path::Path::new(&dir).exists() {
        std::fs::create_dir_all(&dir).unwrap();
        let s = std::process::Command::new("sh").arg("-c").arg(format!("git -C {repo} archive {rev} crates/wasi | tar x -C {dir}")).status().unwrap();
        assert!(s.success());
    }
    names.lines().filter_map(|n| {
        let p = n.strip_prefix("crates/wasi/").unwrap();
        let bytes = std::fs::read(format!("{dir}/{n}")).ok()?;
        Some((TreePath::new(p).unwrap(), File::regular(bytes)))
    }).collect()
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (a, b) = (tree(&args[1]), tree(&args[2]));
    let t = std::time::Instant::now();
    let old = changes::api::Api::of(&a);
    eprintln!("old {:?}", t.elapsed());
    let t1 = std::time::Instant::now();
    let new = changes::api::Api::after(&b, Some(&old));
    eprintln!("new {:?}", t1.elapsed());
    let t1 = std::time::Instant::now();
    let changes = old.changes(&new);
    let public = changes.public();
    eprintln!("compare {:?}; all {:?}", t1.elapsed(), t.elapsed());
    for u in old.unread().iter().chain(new.unread()) { println!("UNREAD {u:?}"); }
    for c in &public {
        println!("{:?} {:?} {}{} +{}", c.change, c.item, c.path, c.to.as_ref().map(|t| format!(" -> {t}")).unwrap_or_default(), c.inside);
        if args.len() > 3 {
        if let Some(o) = &c.old { println!("    - {}  [{}:{}]", o.signature, o.file, o.line); }
        if let Some(o) = &c.new { println!("    + {}  [{}:{}]", o.signature, o.file, o.line); }
        }
    }
    for w in changes.wit() { println!("WIT {} {:?} {} {:?} {:?} +{}", w.plane, w.change, w.name, w.old, w.new, w.inside); }
    for w in changes.manifest() { println!("CARGO {w:?}"); }
    println!("{} public", public.len());
}
