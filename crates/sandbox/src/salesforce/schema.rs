//! The fields of one object, in the order of its columns.

use std::collections::HashMap;

use super::kind::Kind;
use super::objects::{COMMON, Object, Parent};

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) calculated: bool,
    pub(crate) parent: Option<Parent>,
    pub(crate) picklist: &'static [&'static str],
}

impl Field {
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), kind, calculated: false, parent: None, picklist: &[] }
    }

    pub(crate) fn is_custom(&self) -> bool {
        self.name.ends_with("__c")
    }
}

/// The columns of [`COMMON`] that are needed by name.
pub(crate) const ID: usize = 0;
pub(crate) const STAMP: usize = 1;
pub(crate) const CREATED: usize = 2;
pub(crate) const MODIFIED: usize = 3;
pub(crate) const DELETED: usize = 4;

/// Columns never move; a field that is removed leaves its column unused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    columns: Vec<Option<Field>>,
    /// Columns by the exact name: documents of a hundred thousand orders are read through this.
    by_name: HashMap<String, usize>,
}

impl Schema {
    pub(crate) fn of(object: Object) -> Self {
        let mut schema = Self::default();
        for (name, kind) in COMMON {
            schema.add(Field::new(name, kind));
        }
        for (kind, names) in object.fields {
            names.iter().for_each(|name| schema.add(Field::new(name, *kind)));
        }
        for parent in object.parents {
            schema.add(Field { parent: Some(*parent), ..Field::new(&parent.field(), Kind::Reference) });
        }
        for (name, picklist) in object.picklists {
            schema.add(Field { picklist, ..Field::new(name, Kind::Picklist) });
        }
        for (kind, names) in object.formulas {
            names.iter().for_each(|name| schema.add(Field { calculated: true, ..Field::new(name, *kind) }));
        }
        schema
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.columns.iter().enumerate().filter_map(|(column, field)| Some((column, field.as_ref()?)))
    }

    /// References, with their columns.
    pub(crate) fn parents(&self) -> impl Iterator<Item = (usize, Parent)> {
        self.fields().filter_map(|(column, field)| Some((column, field.parent?)))
    }

    /// Field names are not case-sensitive.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &Field)> {
        match self.by_name.get(name) {
            Some(column) => Some((*column, self.columns[*column].as_ref()?)),
            None => self.fields().find(|(_, field)| field.name.eq_ignore_ascii_case(name)),
        }
    }

    pub(crate) fn find_parent(&self, relationship: &str) -> Option<(usize, Parent)> {
        self.parents().find(|(_, parent)| parent.name.eq_ignore_ascii_case(relationship))
    }

    pub(crate) fn add(&mut self, field: Field) {
        self.remove(&field.name);
        self.by_name.insert(field.name.clone(), self.columns.len());
        self.columns.push(Some(field));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some((column, _)) = self.find(name) {
            let field = self.columns[column].take();
            field.map(|field| self.by_name.remove(&field.name));
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }
}
