#include "app/index_pace.h"

namespace app {
namespace {

// So many times as long as it worked: at least, and at most while the store takes changes.
constexpr int kRestsMin = 3;
constexpr int kRestsMax = 20;
// It does until it has taken none for so long: a client sends a thousand messages before the store has one.
constexpr auto kQuiet = std::chrono::milliseconds(250);

}  // namespace

// The builder makes no changes while it rests, so those that are made are others'.
void IndexPace::rest() {
    const base::Duration worked = clock_.steady() - began_;
    bool goes_on = true;
    for (int rests = 0;
         goes_on && (rests < kRestsMin || (rests < kRestsMax && clock_.steady() < busy_until_));
         ++rests) {
        const std::uint64_t groups = groups_();
        goes_on = wait_(worked);
        if (groups_() != groups) {
            busy_until_ = clock_.steady() + kQuiet;
        }
    }
    begin();
}

}  // namespace app
