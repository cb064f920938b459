/* The lines of a config, before inih sees them: only blank lines, known sections and
 * "key = value" in printable ASCII pass; whatever else is reported and handed on as blank. */
#ifndef GEN_FRONT_CFG_LINES_H
#define GEN_FRONT_CFG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/front/diagnostics.h"

/* The sections, in this order. */
enum { CFG_SECTION_MODEL, CFG_SECTION_BUILD, CFG_SECTION_HUB, CFG_SECTIONS };

struct cfg_lines {
    const char *text;
    size_t size, at;
    uint32_t line; /* of the line handed out last; the first is 1 */
    struct diagnostics *diagnostics;
    uint32_t section_line[CFG_SECTIONS]; /* where each was opened; 0: not yet */
    bool astray;                         /* inside an unknown section: its lines are skipped */
    char refused[32]; /* the key of the line handed out last, if that was refused; else "" */
};

/* Reports what is wrong with the line handed out last; false. */
#define line_error(LINES, ...) diagnostics_error((LINES)->diagnostics, (LINES)->line, __VA_ARGS__)

/* Checks the text as a whole. False: reported. */
MUST_USE bool cfg_lines_open(struct cfg_lines *lines);

/* Writes the next line without its comment, with "\n" and NUL. False at the end of the text. */
bool cfg_lines_next(struct cfg_lines *lines, char *line, size_t room);

#endif
