// Which rows of a log may go. Thread rule: plain values and a pure function.
#pragma once

#include <chrono>
#include <cstdint>

#include "storage/reader.hpp"

namespace togglecast::changes {

/// Limits for the log of each environment. A row that passes either limit may go.
struct RetentionOptions {
  std::int64_t changes = 500'000;    ///< rows, those in which only time passes included; 0: no limit
  std::chrono::hours age{400 * 24};  ///< 0: no limit
  std::int64_t ageless = 1'000;      ///< so many newest rows stay, however old a clock makes them
};

/// What is known of a log at one moment, besides the log itself.
struct RetentionNeeds {
  domain::Revision too_old = 0;  ///< the newest revision that is beyond the age; 0: none
  domain::Revision ring =
      0;  ///< the oldest recent state: the rows after it lead back to it at the next start
  domain::Revision checked = 0;  ///< the chain is verified up to here
};

/// The newest revision that may go, with all before it; not more than `kept.before.revision` when none may. A
/// row stays while a recent state, a remembered outcome or the check of the chain needs it.
[[nodiscard]] domain::Revision prunable(const storage::KeptLog& kept, const RetentionOptions& options,
                                        const RetentionNeeds& needs) noexcept;

}  // namespace togglecast::changes
