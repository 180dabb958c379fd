// A key of a test.
#pragma once

#include <string>
#include <utility>

#include "base/digest.hpp"
#include "cluster/bus_keys.hpp"

namespace togglecast::cluster::testing {

class TestKeys final : public BusKeys {
 public:
  explicit TestKeys(std::string secret) : secret_(std::move(secret)) {}
  [[nodiscard]] Signature sign(std::string_view text) const override { return {"key-1", mac(text)}; }
  [[nodiscard]] bool verify(std::string_view key, std::string_view text,
                            std::string_view given) const override {
    return key == "key-1" && given == mac(text);
  }

 private:
  [[nodiscard]] std::string mac(std::string_view text) const {
    const Sha256 digest = sha256(secret_ + std::string(text));
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
  }
  std::string secret_;
};

}  // namespace togglecast::cluster::testing
