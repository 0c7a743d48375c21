/* GMime over the corpus of bench/mime_structure.cc: each message parsed from memory to its tree of parts.
 * bench/mime.py compiles and runs it: mime_gmime DIR/KIND SECONDS prints MB/s, the best round. */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>

static double now(void) { return (double)g_get_monotonic_time() / 1e6; }

static void parse(GByteArray *octets) {
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(octets);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_persist_stream(parser, TRUE); /* contents stay in the stream, none are copied */
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    g_mime_init();
    GPtrArray *messages = g_ptr_array_new();
    GDir *folder = g_dir_open(argv[1], 0, NULL);
    if (folder == NULL) return 66;
    double total = 0;
    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        char *path = g_build_filename(argv[1], name, NULL);
        gchar *text = NULL;
        gsize length = 0;
        if (!g_file_get_contents(path, &text, &length, NULL)) return 66;
        g_ptr_array_add(messages, g_byte_array_new_take((guint8 *)text, length));
        total += (double)length;
        g_free(path);
    }
    double best = 0;
    for (double end = now() + atof(argv[2]); now() < end;) {
        double begin = now();
        for (guint i = 0; i < messages->len; ++i) parse(g_ptr_array_index(messages, i));
        double rate = total / (now() - begin) / 1e6;
        if (rate > best) best = rate;
    }
    printf("%.0f\n", best);
    return 0;
}
