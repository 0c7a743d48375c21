#include "net/limits.h"

#include "net/address.h"

namespace net {

std::shared_ptr<ConnectionLimits::Permit> ConnectionLimits::enter() {
    {
        const std::scoped_lock lock(mutex_);
        if (total_max_ != 0 && total_ >= total_max_) {
            return nullptr;
        }
        ++total_;
    }
    return std::make_shared<Permit>(shared_from_this());
}

std::size_t ConnectionLimits::open() const {
    const std::scoped_lock lock(mutex_);
    return total_;
}

bool ConnectionLimits::Permit::count(const Endpoint& client) {
    if (limits_->per_address_max_ == 0 || client.is_unix() || !key_.empty()) {
        return true;
    }
    std::string key = limit_key(client);
    const std::scoped_lock lock(limits_->mutex_);
    std::size_t& count = limits_->by_address_[key];
    if (count >= limits_->per_address_max_) {
        return false;
    }
    ++count;
    key_ = std::move(key);
    return true;
}

ConnectionLimits::Permit::~Permit() {
    const std::scoped_lock lock(limits_->mutex_);
    --limits_->total_;
    const auto found = limits_->by_address_.find(key_);
    if (found != limits_->by_address_.end() && --found->second == 0) {
        limits_->by_address_.erase(found);
    }
}

}  // namespace net
