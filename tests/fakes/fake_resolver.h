// A domain name system in a few lines of text, with the answers that no real one gives when asked to.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/resolver.h"

namespace fakes {

// Nothing exists until it is added.
class FakeResolver final : public net::Resolver {
  public:
    // Lines of "NAME TYPE DATA", "#" begins a comment; a record more for a name that is there already is
    // one of a set. Names end with or without a dot. Throws what it does not understand.
    //     crepes.example     MX    10 mail.crepes.example
    //     mail.crepes.example A    192.0.2.1
    //     www.crepes.example CNAME crepes.example
    //     crepes.example     TXT   v=spf1 -all
    //     _25._tcp.mail.crepes.example TLSA 03 01 01 ab cd      (octets)
    // and, for a whole name:
    //     slow.example       DELAY 7s         until any answer
    //     away.example       TIMEOUT          after 10 s
    //     broken.example     SERVFAIL
    //     forged.example     BOGUS
    //     signed.example     SECURE           what it has is signed
    void add(std::string_view zone);
    // Forgets a name with all that it has.
    void remove(std::string_view name);

    base::Task<net::Answer> lookup(base::Loop& loop,
                                   std::string name,
                                   net::RecordType type) override;

    // What was asked: "MX crepes.example".
    [[nodiscard]] const std::vector<std::string>& questions() const { return questions_; }

  private:
    struct Name {
        std::map<std::string, std::vector<std::string>> records;  // by type
        std::string fault;                                        // "TIMEOUT" ...
        base::Duration delay{0};
        bool secure = false;
    };

    void add_line(std::string_view line);
    [[nodiscard]] bool exists(const std::string& name) const;

    std::map<std::string, Name> names_;
    std::vector<std::string> questions_;
};

}  // namespace fakes
