/* GMime over the corpus of bench/mime_structure.cc. bench/mime.py compiles and runs it: mime_gmime DIR SECONDS
 * prints a line a task, as mime_structure does: TASK <tab> MB/s, the best round. */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static GByteArray *out; /* where codings write; large enough for any body */
static unsigned long seen; /* keeps the work from being optimised away */

static double now(void) { return (double)g_get_monotonic_time() / 1e6; }

static GMimeMessage *parse(GByteArray *octets) {
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(octets);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_persist_stream(parser, TRUE); /* contents stay in the stream, none are copied */
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

static void structure(GByteArray *octets) { g_object_unref(parse(octets)); }

static void header(GByteArray *octets) {
    GMimeMessage *message = parse(octets);
    const char *subject = g_mime_message_get_subject(message);
    seen += subject != NULL ? strlen(subject) : 0;
    for (int type = GMIME_ADDRESS_TYPE_SENDER; type <= GMIME_ADDRESS_TYPE_BCC; ++type)
        seen += (unsigned long)internet_address_list_length(g_mime_message_get_addresses(message, type));
    seen += g_mime_message_get_date(message) != NULL;
    seen += g_mime_message_get_message_id(message) != NULL;
    const char *text = g_mime_object_get_header(GMIME_OBJECT(message), "References");
    if (text != NULL) {
        GMimeReferences *references = g_mime_references_parse(NULL, text);
        seen += (unsigned long)g_mime_references_length(references);
        g_mime_references_free(references);
    }
    g_object_unref(message);
}

static size_t code(GByteArray *octets, GMimeContentEncoding encoding, gboolean encode) {
    GMimeEncoding state;
    (encode ? g_mime_encoding_init_encode : g_mime_encoding_init_decode)(&state, encoding);
    const size_t room = g_mime_encoding_outlen(&state, octets->len);
    if (room > out->len) g_byte_array_set_size(out, (guint)room);
    return g_mime_encoding_flush(&state, (const char *)octets->data, octets->len, (char *)out->data);
}

static void decode_base64(GByteArray *o) { code(o, GMIME_CONTENT_ENCODING_BASE64, FALSE); }
static void encode_base64(GByteArray *o) { code(o, GMIME_CONTENT_ENCODING_BASE64, TRUE); }
static void decode_quoted(GByteArray *o) { code(o, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, FALSE); }
static void encode_quoted(GByteArray *o) { code(o, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, TRUE); }

static GPtrArray *load(const char *folder, const char *kind) {
    GPtrArray *texts = g_ptr_array_new();
    char *path = g_build_filename(folder, kind, NULL);
    GDir *files = g_dir_open(path, 0, NULL);
    if (files == NULL) exit(66);
    for (const char *name; (name = g_dir_read_name(files)) != NULL;) {
        char *file = g_build_filename(path, name, NULL);
        gchar *text = NULL;
        gsize length = 0;
        if (!g_file_get_contents(file, &text, &length, NULL)) exit(66);
        g_ptr_array_add(texts, g_byte_array_new_take((guint8 *)text, length));
        g_free(file);
    }
    g_dir_close(files);
    g_free(path);
    return texts;
}

/* The same bodies, decoded. */
static GPtrArray *decoded(const GPtrArray *bodies, GMimeContentEncoding encoding) {
    GPtrArray *contents = g_ptr_array_new();
    for (guint i = 0; i < bodies->len; ++i) {
        const size_t length = code(g_ptr_array_index(bodies, i), encoding, FALSE);
        g_ptr_array_add(contents, g_byte_array_append(g_byte_array_new(), out->data, (guint)length));
    }
    return contents;
}

static void measure(const char *task, const GPtrArray *texts, double seconds, void (*run)(GByteArray *)) {
    double total = 0;
    for (guint i = 0; i < texts->len; ++i) total += ((GByteArray *)g_ptr_array_index(texts, i))->len;
    double best = 0;
    for (double end = now() + seconds; now() < end;) {
        double begin = now();
        for (guint i = 0; i < texts->len; ++i) run(g_ptr_array_index(texts, i));
        double rate = total / (now() - begin) / 1e6;
        if (rate > best) best = rate;
    }
    printf("%s\t%.0f\n", task, best);
}

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    g_mime_init();
    out = g_byte_array_new();
    const double seconds = atof(argv[2]);
    const char *kinds[] = {"plain", "alternative", "attachments", "many-parts"};
    for (int i = 0; i < 4; ++i) measure(kinds[i], load(argv[1], kinds[i]), seconds, structure);
    measure("header", load(argv[1], "header"), seconds, header);
    const GPtrArray *base64 = load(argv[1], "base64");
    measure("base64 decode", base64, seconds, decode_base64);
    measure("base64 encode", decoded(base64, GMIME_CONTENT_ENCODING_BASE64), seconds, encode_base64);
    const GPtrArray *quoted = load(argv[1], "quoted-printable");
    measure("quoted-printable decode", quoted, seconds, decode_quoted);
    measure("quoted-printable encode", decoded(quoted, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE), seconds, encode_quoted);
    fprintf(stderr, "%lu values\n", seen);
    return 0;
}
