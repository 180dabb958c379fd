// What proves that a message comes from a node of this installation: an HMAC-SHA256 by a key that all nodes
// have. Thread rule: any thread.
#pragma once

#include <string>
#include <string_view>

namespace togglecast::cluster {

class BusKeys {
 public:
  virtual ~BusKeys() = default;
  struct Signature {
    std::string key;  ///< the name of the key: letters, digits, `-` and `_`
    std::string mac;  ///< 32 bytes
  };
  [[nodiscard]] virtual Signature sign(std::string_view text) const = 0;
  /// False too for a key that this node does not know. Takes the same time for every wrong `mac`.
  [[nodiscard]] virtual bool verify(std::string_view key, std::string_view text,
                                    std::string_view mac) const = 0;
};

}  // namespace togglecast::cluster
