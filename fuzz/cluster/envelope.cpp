// A message of the bus as it lies on a channel of Redis (cluster/envelope): the bytes as they are, and as the
// payload of a message that is sealed, and then changed in one place.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "cluster/envelope.hpp"
#include "support/property.hpp"

namespace togglecast::fuzz {
namespace {

using cluster::Drop;
using cluster::Envelope;

// The mac is a plain digest with a secret in front: enough to tell what was signed from what was not.
class Keys final : public cluster::BusKeys {
 public:
  [[nodiscard]] Signature sign(std::string_view text) const override { return {"k1", mac_of(text)}; }
  [[nodiscard]] bool verify(std::string_view key, std::string_view text,
                            std::string_view mac) const override {
    return key == "k1" && mac == mac_of(text);
  }

 private:
  static std::string mac_of(std::string_view text) {
    const auto digest = sha256("a secret\n" + std::string(text));
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
  }
};

constexpr std::string_view kChannel = "togglecast:bus:nodes.head";
constexpr std::int64_t kNow = 1'700'000'000'000;

bool same(const Envelope& a, const Envelope& b) {
  return a.node == b.node && a.sequence == b.sequence && a.sent_at == b.sent_at && a.payload == b.payload;
}

void check_text(std::string_view bytes, const Keys& keys) {
  const auto message = unseal(bytes, kChannel, keys);
  if (!message) {
    require(!to_string(message.error()).empty(), "a refusal says why");
    return;
  }
  require(message->payload.size() <= bytes.size(), "the payload is part of the bytes");
  const std::string sealed = seal(*message, kChannel, keys);
  const auto again = unseal(sealed, kChannel, keys);
  require(again && same(*again, *message), "what is sealed again says the same");
}

void check_sealed(std::string_view input, const Keys& keys) {
  const std::size_t place = input.empty() ? 0 : static_cast<unsigned char>(input.front());
  const std::string_view payload = input.substr(input.empty() ? 0 : 1);
  const Envelope message{"node-1", place + 1, {kNow}, payload};
  const std::string sealed = seal(message, kChannel, keys);
  const auto read = unseal(sealed, kChannel, keys);
  require(read && same(*read, message), "what is sealed is read");
  require(!unseal(sealed, "togglecast:bus:nodes.spent", keys), "on its own channel alone");

  cluster::ReplayGuard guard;
  require(guard.admit(*read, kChannel, {kNow}).has_value(), "it is taken once");
  require(!guard.admit(*read, kChannel, {kNow}), "and not twice");

  // The last characters of a mac may have two spellings; the message that is read is the same.
  std::string changed = sealed;
  char& touched = changed[place * 7 % changed.size()];
  touched = static_cast<char>(touched ^ 1);
  const auto other = unseal(changed, kChannel, keys);
  require(!other || same(*other, message), "a changed message is none of ours");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace togglecast::fuzz;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Keys keys;
  const std::size_t allocated = allocated_by([&] { static_cast<void>(unseal(bytes, kChannel, keys)); });
  require(allocated <= 8'192 + 4 * size, "memory is bounded by what has arrived");
  check_text(bytes, keys);
  check_sealed(bytes, keys);
  return 0;
}
