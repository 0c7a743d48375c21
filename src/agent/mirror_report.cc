#include "agent/mirror_report.h"

#include <fmt/format.h>

#include "agent/progress.h"

namespace agent {

void MirrorReport::add(const MirrorReport& more) {
    copied += more.copied;
    removed += more.removed;
    folders += more.folders;
    octets += more.octets;
    failures.insert(failures.end(), more.failures.begin(), more.failures.end());
    actions.insert(actions.end(), more.actions.begin(), more.actions.end());
}

std::string format_report(const MirrorReport& report, bool dry_run) {
    return fmt::format("{}{} copied{}, {} unchanged, {} folder{} made, {} removed, {} failed",
                       dry_run ? "would be: " : "",
                       report.copied,
                       dry_run ? "" : fmt::format(" ({})", format_octets(report.octets)),
                       report.unchanged,
                       report.folders,
                       report.folders == 1 ? "" : "s",
                       report.removed,
                       report.failures.size()) +
           (report.links > 0 ? fmt::format(", {} links left out", report.links) : "");
}

}  // namespace agent
