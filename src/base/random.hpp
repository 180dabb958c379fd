// Unpredictable bytes for ids, tokens and masks.
// Thread rule: SystemRandom may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace togglecast {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// The operating system's generator.
class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// `bytes` random bytes as unpadded base64url: 15 bytes make 20 characters.
[[nodiscard]] std::string random_token(RandomSource& random, std::size_t bytes);

/// Uniform in [0, bound); bound must be positive. For jitter, not for secrets.
[[nodiscard]] std::uint64_t random_below(RandomSource& random, std::uint64_t bound);

}  // namespace togglecast
