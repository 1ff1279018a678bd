/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json_schema.h - a JSON Schema (draft 2020-12) from the lists that the JSON is made of
 *
 * The keys of an object are one list of rows K(key, kind, value), next to what prints it: the same
 * list sets them and describes them, so that neither can have a key that the other has not.
 * Used by view_json.c and report_json.c and what they share; the files docs/NAME.schema.json.
 *
 * A kind is the name of a definition, as "count", "text" or "container"; behind it "[]" says a list
 * of these, and "?" that it may be null: "container[]", "mapping[]?".
 */
#ifndef VFIO_OBS_JSON_SCHEMA_H
#define VFIO_OBS_JSON_SCHEMA_H

#include <jansson.h>
#include <stdio.h>

#include "json_set.h"

struct json_key {
	const char *name, *kind;
};

/* What a list of rows is expanded with: to set the keys of @object, and to describe them. */
#define JSON_KEY_SET(name, kind, value) json_set(object, #name, value);
#define JSON_KEY_ROW(name, kind, value) { #name, kind },
#define JSON_KEYS_SET(LIST) do { LIST(JSON_KEY_SET) } while (0)
#define JSON_KEYS_DESCRIBE(schema, name, LIST)                                                     \
	do {                                                                                       \
		static const struct json_key keys[] = { LIST(JSON_KEY_ROW) };                      \
		json_schema__object(schema, name, keys, sizeof(keys) / sizeof(keys[0]));           \
	} while (0)

/*
 * json_schema__create - a schema of the object @root, with the definitions that every schema has:
 * boolean, count (from 0), integer, real, text, operation, errnos. The caller's, as all json_t.
 */
json_t *json_schema__create(const char *title, const char *root);

/* The object @name has @keys, all of them always; called again for one, it has these as well. */
void json_schema__object(json_t *schema, const char *name, const struct json_key *keys, size_t n);

/* The same for one key whose name is known only now. @help: what it means, may be NULL. */
void json_schema__key(json_t *schema, const char *object, const char *key, const char *kind,
		      const char *help);

/* A definition that is one of the @n texts of @name_of; of one text, that text. */
void json_schema__enum(json_t *schema, const char *name, const char *(*name_of)(unsigned int i),
		       size_t n);
void json_schema__const(json_t *schema, const char *name, const char *text);

/* Whatever is not in any list: @value is taken over. */
void json_schema__define(json_t *schema, const char *name, json_t *value);

/* One line and more on @out; errors stay there for ferror(). Drops @schema. */
void json_schema__print(json_t *schema, FILE *out);

#endif
