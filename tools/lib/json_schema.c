// SPDX-License-Identifier: GPL-2.0-only
/*
 * json_schema.c - a JSON Schema from the lists that the JSON is made of
 *
 * Called by view_json.c and report_json.c, and by what they share.
 */
#include <string.h>

#include "event.h"
#include "json_schema.h"

/* The definition @name, made when it is not there yet. */
static json_t *definition(json_t *schema, const char *name)
{
	json_t *all = json_object_get(schema, "$defs");

	if (!json_object_get(all, name))
		json_set(all, name, json_object());
	return json_object_get(all, name);
}

static json_t *of_type(const char *type)
{
	return xalloc__check(json_pack("{s:s}", "type", type));
}

static json_t *reference(const char *name, size_t length)
{
	return xalloc__check(json_pack("{s:o}", "$ref",
				       json_sprintf("#/$defs/%.*s", (int)length, name)));
}

/* "container[]?" */
static json_t *of_kind(const char *kind)
{
	size_t length = strcspn(kind, "[?");
	json_t *value = reference(kind, length);

	if (!strncmp(kind + length, "[]", 2))
		value = xalloc__check(json_pack("{s:s, s:o}", "type", "array", "items", value));
	if (strchr(kind, '?'))
		value = xalloc__check(json_pack("{s:[o, o]}", "anyOf", value, of_type("null")));
	return value;
}

void json_schema__define(json_t *schema, const char *name, json_t *value)
{
	json_set(json_object_get(schema, "$defs"), name, value);
}

static const char *op_key(unsigned int op)
{
	return event__op(op)->key;
}

json_t *json_schema__create(const char *title, const char *root)
{
	json_t *schema = xalloc__check(json_object());

	json_set(schema, "$comment", json_string("SPDX-License-Identifier: GPL-2.0-only"));
	json_set(schema, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	json_set(schema, "title", json_string(title));
	json_set(schema, "$ref", json_sprintf("#/$defs/%s", root));
	json_set(schema, "$defs", json_object());
	json_schema__define(schema, "boolean", of_type("boolean"));
	json_schema__define(schema, "count",
			    json_pack("{s:s, s:i}", "type", "integer", "minimum", 0));
	json_schema__define(schema, "integer", of_type("integer"));
	json_schema__define(schema, "real", of_type("number"));
	json_schema__define(schema, "text", of_type("string"));
	json_schema__enum(schema, "operation", op_key, VFIO_OP_COUNT);
	json_schema__define(schema, "errnos",
			    json_pack("{s:s, s:o, s:{s:s}}", "type", "object",
				      "additionalProperties", of_kind("count"), "propertyNames",
				      "pattern", "^(E[A-Z0-9]+|[0-9]+|unknown)$"));
	return schema;
}

/* The object @name without a key: nothing but what is declared may be in it. */
static json_t *object_of(json_t *schema, const char *name)
{
	json_t *object = definition(schema, name);

	if (json_object_size(object))
		return object;
	json_set(object, "type", json_string("object"));
	json_set(object, "additionalProperties", json_false());
	json_set(object, "required", json_array());
	json_set(object, "properties", json_object());
	return object;
}

void json_schema__key(json_t *schema, const char *object, const char *key, const char *kind,
		      const char *help)
{
	json_t *to = object_of(schema, object), *value = of_kind(kind);

	if (help)
		json_set(value, "description", json_string(help));
	/* What is set a second time is required once. */
	if (!json_object_get(json_object_get(to, "properties"), key))
		json_append(json_object_get(to, "required"), json_string(key));
	json_set(json_object_get(to, "properties"), key, value);
}

void json_schema__object(json_t *schema, const char *name, const struct json_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_schema__key(schema, name, keys[i].name, keys[i].kind, NULL);
}

void json_schema__enum(json_t *schema, const char *name, const char *(*name_of)(unsigned int i),
		       size_t n)
{
	json_t *texts = xalloc__check(json_array());

	for (size_t i = 0; i < n; i++)
		json_append(texts, json_string(name_of(i)));
	json_schema__define(schema, name, json_pack("{s:o}", "enum", texts));
}

void json_schema__const(json_t *schema, const char *name, const char *text)
{
	json_schema__define(schema, name, json_pack("{s:s}", "const", text));
}

void json_schema__print(json_t *schema, FILE *out)
{
	json_dumpf(schema, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(schema);
}
