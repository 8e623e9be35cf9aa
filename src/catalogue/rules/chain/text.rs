//! The text of a chain.
//!
//! ```text
//! chain   item, item, …             one after the other
//! item    name                      a stage
//!         name(branch | branch)     branches on the same gradient, and what makes one update of both
//! branch  chain
//!         weight: chain             with a number, if what merges them takes weights
//! ```
//!
//! Places in errors are counted in characters, from 1.

/// How deep branches may lie within branches.
const DEEPEST: usize = 8;

/// An item of a chain.
#[derive(Debug, PartialEq)]
pub(super) enum Item<'t> {
    /// The name of a stage.
    Stage(&'t str),
    /// The name of a merge, and what it merges.
    Branches(&'t str, [Branch<'t>; 2]),
}

/// A branch.
#[derive(Debug, PartialEq)]
pub(super) struct Branch<'t> {
    /// The number that stands before it.
    pub(super) weight: Option<f64>,
    pub(super) items: Vec<Item<'t>>,
}

/// The items of a text, or what is wrong with it. Where nothing stands there are none.
pub(super) fn items(text: &str) -> Result<Vec<Item<'_>>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut cursor = Cursor { text, read: 0, depth: 0 };
    let items = cursor.items()?;
    match cursor.mark() {
        None => Ok(items),
        Some(mark) => Err(format!("the `{mark}` at {} belongs to nothing", cursor.place())),
    }
}

/// How far a text is read. Behind whatever is read stands one of the marks, or nothing.
struct Cursor<'t> {
    text: &'t str,
    /// How many bytes are read.
    read: usize,
    /// Within how many parentheses that is.
    depth: usize,
}

impl<'t> Cursor<'t> {
    /// The place of the next character.
    fn place(&self) -> usize {
        self.text[..self.read].chars().count() + 1
    }

    /// What stands before the next mark.
    fn word(&mut self) -> &'t str {
        let rest = &self.text[self.read..];
        let length = rest.find([',', '|', ':', '(', ')']).unwrap_or(rest.len());
        self.read += length;
        rest[..length].trim()
    }

    /// The next mark.
    fn mark(&self) -> Option<char> {
        self.text[self.read..].chars().next()
    }

    /// Reads on if this is the next mark.
    fn take(&mut self, mark: char) -> bool {
        let is_next = self.mark() == Some(mark);
        self.read += if is_next { mark.len_utf8() } else { 0 };
        is_next
    }

    fn items(&mut self) -> Result<Vec<Item<'t>>, String> {
        let mut items = vec![self.item()?];
        while self.take(',') {
            items.push(self.item()?);
        }
        Ok(items)
    }

    fn item(&mut self) -> Result<Item<'t>, String> {
        let begin = self.place();
        let name = self.word();
        if name.is_empty() {
            return Err(format!("a name is missing at {begin}; the stage that changes nothing is identity"));
        }
        let opening = self.place();
        if !self.take('(') {
            return Ok(Item::Stage(name));
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("the `(` at {opening} is one too many: branches lie at most {DEEPEST} deep"));
        }
        let first = self.branch()?;
        self.expect('|', name, opening)?;
        let second = self.branch()?;
        self.expect(')', name, opening)?;
        self.depth -= 1;
        let behind = self.place();
        if !self.word().is_empty() {
            return Err(format!("a comma is missing at {behind}"));
        }
        Ok(Item::Branches(name, [first, second]))
    }

    fn branch(&mut self) -> Result<Branch<'t>, String> {
        let (begin, place) = (self.read, self.place());
        let word = self.word();
        if !self.take(':') {
            self.read = begin;
            return Ok(Branch { weight: None, items: self.items()? });
        }
        let weight = word.parse().map_err(|_| format!("`{word}` at {place} is no number"))?;
        Ok(Branch { weight: Some(weight), items: self.items()? })
    }

    /// Reads a mark of the branches that `opening` opened.
    fn expect(&mut self, mark: char, name: &str, opening: usize) -> Result<(), String> {
        if self.take(mark) {
            return Ok(());
        }
        Err(match self.mark() {
            None => format!("the `(` at {opening} is not closed"),
            Some(':') => format!("the `:` at {} does not stand behind the weight of a branch", self.place()),
            Some(other) => format!(
                "at {} stands `{other}` where `{mark}` belongs: there are two branches, as in {name}(a | b)",
                self.place()
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch<const COUNT: usize>(weight: Option<f64>, items: [Item<'_>; COUNT]) -> Branch<'_> {
        Branch { weight, items: items.into() }
    }

    #[test]
    fn branches_nest() {
        let stage = Item::Stage;
        assert_eq!(items(" a,b , c"), Ok(vec![stage("a"), stage("b"), stage("c")]));
        let inner = Item::Branches("m", [branch(Some(0.5), [stage("b")]), branch(Some(2.0), [stage("c")])]);
        let outer = Item::Branches("n", [branch(None, [inner, stage("d")]), branch(None, [stage("e")])]);
        assert_eq!(items("a, n( m( .5: b | 2 :c ), d | e ) , f"), Ok(vec![stage("a"), outer, stage("f")]));
        assert_eq!(items(" "), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let missing =
            |place| format!("a name is missing at {place}; the stage that changes nothing is identity");
        let two = |place: usize, there: char, mark: char| {
            format!(
                "at {place} stands `{there}` where `{mark}` belongs: there are two branches, as in m(a | b)"
            )
        };
        let deep = "m(".repeat(9);
        for (text, error) in [
            ("a,,b", missing(3)),
            ("a,", missing(3)),
            ("m( | a)", missing(3)),
            ("m(a|)", missing(5)),
            ("m()", missing(3)),
            ("(a|b)", missing(1)),
            ("m(1: | a)", missing(5)),
            ("é(a | b", "the `(` at 2 is not closed".to_owned()),
            ("m(n(a | b | c)", two(11, '|', ')').replace("m(a", "n(a")),
            ("m(a)", two(4, ')', '|')),
            ("m(a | b | c)", two(9, '|', ')')),
            ("m(a | b))", "the `)` at 9 belongs to nothing".to_owned()),
            ("a | b", "the `|` at 3 belongs to nothing".to_owned()),
            ("0.5: a", "the `:` at 4 belongs to nothing".to_owned()),
            ("m(a, 2: b | c)", "the `:` at 7 does not stand behind the weight of a branch".to_owned()),
            ("m(half: a | b)", "`half` at 3 is no number".to_owned()),
            ("m(a | b) c", "a comma is missing at 9".to_owned()),
            (&deep, "the `(` at 18 is one too many: branches lie at most 8 deep".to_owned()),
        ] {
            assert_eq!(items(text), Err(error), "{text}");
        }
    }
}
