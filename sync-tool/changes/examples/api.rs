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
    let new = changes::api::Api::after(&b, &old);
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
    let fork = fork(&args[1][1..]);
    let t1 = std::time::Instant::now();
    let fork = changes::api::ForkCode::of(&fork, &["wasmtime_wasi", "wash_wasi"]);
    eprintln!("fork {:?}", t1.elapsed());
    let t1 = std::time::Instant::now();
    let used = changes.used(&old, &fork);
    eprintln!("used {:?}", t1.elapsed());
    for u in &used { let c = &u.change;
        println!("USED {:?} {:?} {}{} {}", c.change, c.item, c.path, c.to.as_ref().map(|t| format!(" -> {t}")).unwrap_or_default(), c.public);
        println!("   @ {:?}", u.places.iter().map(|p| format!("{}:{}", p.path, p.line)).collect::<Vec<_>>());
    }
    for w in changes.wit() { println!("WIT {} {:?} {} {:?} {:?} +{}", w.plane, w.change, w.name, w.old, w.new, w.inside); }
    for w in changes.manifest() { println!("CARGO {w:?}"); }
    println!("{} public", public.len());
}

fn fork(version: &str) -> Vec<changes::api::ForkText> {
    use changes::api::ForkText;
    let major: u32 = version.split('.').next().unwrap().parse().unwrap();
    let series = match major { 0..=46 => "v38.0.4", 47 => "v47.0.4", 48..=49 => "v48.0.8", _ => "v50.0.1" };
    let mut all = Vec::new();
    fn walk(d: &std::path::Path, f: &mut dyn FnMut(String, String)) {
        let mut e: Vec<_> = std::fs::read_dir(d).unwrap().map(|e| e.unwrap().path()).collect(); e.sort();
        for p in e { if p.is_dir() { walk(&p, f) } else if let Ok(t) = std::fs::read_to_string(&p) { f(p.to_str().unwrap().to_owned(), t) } }
    }
    let series_dir = format!("patches/{series}");
    for dir in ["loopback/src", "patches/shared", series_dir.as_str()] {
        walk(std::path::Path::new(dir), &mut |p, t| {
            let rel = p.strip_prefix(dir).unwrap().trim_start_matches('/');
            let rel = rel.strip_prefix("files/").unwrap_or(rel);
            if let Some(c) = rel.strip_suffix(".patch") { all.push(ForkText::of_patch(&p, c, &t)); }
            else if rel.ends_with(".rs") {
                let crate_path = if dir == "loopback/src" { format!("src/sockets/loopback/{rel}") } else { rel.to_owned() };
                all.push(ForkText { path: p.clone(), crate_path, code: t });
            }
        });
    }
    all
}
