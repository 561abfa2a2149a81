//! A rebuild can't reach the incremental apply.
//!
//! `verify` compares live membership with a rebuild. That finds a mistake in the incremental apply only while
//! the rebuild does without it, so `rebuild` may not name `fold`, nor anything that names it, however far away.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Problem;
use super::tree::SourceTree;
use module::{Module, ModuleName};

mod module;
mod paths;

const ENGINE_SOURCE: &str = "crates/engine/src/";
const REBUILD: &str = "rebuild";
const FOLD: &str = "fold";

/// A re-export may point to another; a longer chain than this is a circle.
const RE_EXPORTS_FOLLOWED_MAX: usize = 16;

pub(super) fn check(tree: &SourceTree) -> Vec<Problem> {
    let graph = Graph::read(tree);
    match (graph.has_top(REBUILD), graph.has_top(FOLD)) {
        (false, false) => Vec::new(),
        (true, true) => graph.problems(),
        (rebuild, _) => {
            let absent = if rebuild { FOLD } else { REBUILD };
            vec![Problem::error(
                format!("{ENGINE_SOURCE}lib.rs"),
                None,
                format!(
                    "no module `{absent}`, so that nobody checks that a rebuild can't reach the incremental apply; keep the names `{REBUILD}` and `{FOLD}`"
                ),
            )]
        }
    }
}

struct Graph {
    modules: BTreeMap<ModuleName, Module>,
}

/// How a module was first reached from `rebuild`.
struct Step {
    from: Option<ModuleName>,
    line: Option<usize>,
}

impl Graph {
    fn read(tree: &SourceTree) -> Self {
        let mut modules = BTreeMap::new();
        for file in tree.under(ENGINE_SOURCE).filter(|file| file.extension() == "rs") {
            let relative = file.path.trim_start_matches(ENGINE_SOURCE);
            if let (Some(name), Some(text)) = (ModuleName::of_file(relative), &file.text) {
                module::read_into(&mut modules, name, &file.path, text);
            }
        }
        Self { modules }
    }

    fn has_top(&self, name: &str) -> bool {
        self.modules.keys().any(|module| module.is_under(name))
    }

    fn problems(&self) -> Vec<Problem> {
        let steps = self.reach_from_rebuild();
        let methods = self.methods_that_fold_adds();
        let mut problems = Vec::new();
        for (name, step) in &steps {
            if name.is_under(FOLD) {
                problems.push(self.explain(name, step, &steps));
            } else if let Some(module) = self.modules.get(name) {
                for (method, line) in &module.calls {
                    if let Some(target) = methods.get(method) {
                        problems.push(Problem::error(
                            &module.file,
                            Some(*line),
                            format!(
                                "a rebuild reaches `{method}`, which `{FOLD}` adds to `{target}`; make it a free function of `{FOLD}`, and let the rebuild do without"
                            ),
                        ));
                    }
                }
            }
        }
        problems
    }

    /// Every module that `rebuild` reaches by naming it. `fold` itself is not walked into.
    fn reach_from_rebuild(&self) -> BTreeMap<ModuleName, Step> {
        let mut steps: BTreeMap<ModuleName, Step> = BTreeMap::new();
        let mut waiting: VecDeque<ModuleName> = VecDeque::new();
        for name in self.modules.keys().filter(|name| name.is_under(REBUILD)) {
            steps.insert(name.clone(), Step { from: None, line: None });
            waiting.push_back(name.clone());
        }
        while let Some(name) = waiting.pop_front() {
            let Some(module) = self.modules.get(&name) else { continue };
            if name.is_under(FOLD) {
                continue;
            }
            for mention in &module.mentions {
                for reached in self.resolve(&mention.path, 0) {
                    if !steps.contains_key(&reached) {
                        let step = Step { from: Some(name.clone()), line: Some(mention.line) };
                        steps.insert(reached.clone(), step);
                        waiting.push_back(reached);
                    }
                }
            }
        }
        steps
    }

    /// The modules that hold what an absolute path of the crate names, seen through re-exports.
    fn resolve(&self, path: &[String], re_exports_followed: usize) -> BTreeSet<ModuleName> {
        let mut module_name = ModuleName::root();
        for (index, part) in path.iter().enumerate() {
            let child = module_name.child(part);
            if self.modules.contains_key(&child) {
                module_name = child;
                continue;
            }
            let rest = path.get(index + 1..).unwrap_or_default();
            return self.resolve_item(&module_name, part, rest, re_exports_followed);
        }
        BTreeSet::from([module_name])
    }

    /// An item that is no module: found in the module itself, or where a re-export takes it from. A name
    /// that may come through a `*` counts as coming from each of them.
    fn resolve_item(
        &self,
        holder: &ModuleName,
        item: &str,
        rest: &[String],
        re_exports_followed: usize,
    ) -> BTreeSet<ModuleName> {
        let mut reached = BTreeSet::new();
        let Some(module) = self.modules.get(holder) else { return reached };
        if re_exports_followed >= RE_EXPORTS_FOLLOWED_MAX {
            return BTreeSet::from([holder.clone()]);
        }
        let mut follow = |target: &[String], rest: &[String]| {
            let path: Vec<String> = target.iter().chain(rest).cloned().collect();
            reached.extend(self.resolve(&path, re_exports_followed + 1));
        };
        if item == "*" {
            for target in module.re_exports.values().chain(&module.re_exported_globs) {
                follow(target, &[]);
            }
            reached.insert(holder.clone());
            return reached;
        }
        if let Some(target) = module.re_exports.get(item) {
            follow(target, rest);
            return reached;
        }
        for target in &module.re_exported_globs {
            follow(target, &[]);
        }
        reached.insert(holder.clone());
        reached
    }

    /// Methods in `impl` blocks of `fold` for types that are declared elsewhere, with the type: they can be
    /// called without naming `fold`.
    fn methods_that_fold_adds(&self) -> BTreeMap<String, String> {
        let fold: Vec<&Module> =
            self.modules.iter().filter(|(name, _)| name.is_under(FOLD)).map(|(_, module)| module).collect();
        let own_types: BTreeSet<&String> = fold.iter().flat_map(|module| &module.types).collect();
        fold.iter()
            .flat_map(|module| &module.methods)
            .filter(|(_, target)| !own_types.contains(target))
            .cloned()
            .collect()
    }

    fn explain(&self, fold: &ModuleName, step: &Step, steps: &BTreeMap<ModuleName, Step>) -> Problem {
        let mut chain = vec![fold.to_string()];
        let mut from = step.from.as_ref();
        while let Some(name) = from {
            chain.push(name.to_string());
            from = steps.get(name).and_then(|earlier| earlier.from.as_ref());
        }
        chain.reverse();
        let file = step
            .from
            .as_ref()
            .and_then(|name| self.modules.get(name))
            .map_or(ENGINE_SOURCE, |module| module.file.as_str());
        Problem::error(
            file,
            step.line,
            format!(
                "a rebuild reaches the incremental apply: {}; move what both need out of `{FOLD}`",
                chain.join(" -> ")
            ),
        )
    }
}
