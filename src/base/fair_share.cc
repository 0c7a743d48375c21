#include "base/fair_share.h"

#include <chrono>

namespace base {
namespace {

constexpr Duration kShare = std::chrono::milliseconds(2);

}  // namespace

bool FairShare::is_used_up() const {
    return loop_.clock().steady() - begun_ >= kShare;
}

Task<> FairShare::give_way() {
    Handover<bool> turn(loop_);
    turn.giver()(true);
    static_cast<void>(co_await turn);
    begun_ = loop_.clock().steady();
}

}  // namespace base
