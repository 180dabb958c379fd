// Decisions in the words of OFREP. Thread rule: `OfrepFlags` has one thread at a time; the rest is pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/evaluation/decision.hpp"
#include "domain/evaluation/turn.hpp"
#include "domain/schema/version.hpp"
#include "domain/state/client_view.hpp"
#include "domain/views/sliced_view.hpp"

namespace togglecast::http_api {

/// OpenFeature's code for a decision that failed; empty: it did not.
[[nodiscard]] std::string_view ofrep_code(const domain::evaluation::Decision& decision) noexcept;
/// A sentence about such a failure that quotes no rule.
inline constexpr std::string_view kFlagFailed =
    "the rule of this flag failed; the list of the client's features shows admins why";

/// The text of `{key, value?, reason, variant?, metadata: {enabled, rule, limit?}}`, or of
/// `{key, errorCode, errorDetails}`. `key`: the flat name of the flag.
void append_ofrep(std::string& out, const domain::evaluation::Decision& decision, std::string_view key);

/// All flags that a client sees: features, and each sub-feature by its flat name.
class OfrepFlags {
 public:
  /// Writes them behind `text`.
  OfrepFlags(domain::Viewpoint viewpoint, std::string text);

  [[nodiscard]] const domain::Viewpoint& viewpoint() const noexcept { return viewpoint_; }
  /// Goes on; true when it is complete.
  [[nodiscard]] bool run(domain::evaluation::Turn& turn);
  /// The text, with the flags as elements of an array, with commas in between. Once, when it is complete.
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void add(const domain::evaluation::Decision& decision);

  domain::Viewpoint viewpoint_;
  domain::ClientView view_;
  std::vector<domain::Id> features_;
  std::size_t next_ = 0;
  std::string text_, key_;
  bool first_ = true;
  std::size_t looked_at_ = 0;  // the size of the text when the clock was looked at
};

/// The tag of an answer: it names whose answer it is, the answer, and the state. So a request with the tag of
/// this state needs no evaluation, and one with the tag of an equal answer needs no body.
class OfrepTag {
 public:
  /// `name`: `name_of` what decides which answer the caller gets, beside the state.
  OfrepTag(std::string name, const domain::Snapshot& state);

  /// Equal views have equal names, and others do not.
  [[nodiscard]] static std::string name_of(std::string_view view);
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const domain::Version& version() const noexcept { return state_; }
  /// The tag that was sent, without quotes: of this state, whatever its answer was.
  [[nodiscard]] bool is_current(std::string_view sent) const noexcept;
  /// The same: of an equal answer, whatever its state was. Gives the mark of its coding, such as `-gzip`.
  [[nodiscard]] std::optional<std::string_view> coding_of_answer(std::string_view sent,
                                                                 std::string_view answer) const noexcept;
  /// Of this answer.
  [[nodiscard]] std::string text(std::string_view answer) const;
  /// The digest of an answer's body, for the two calls above.
  [[nodiscard]] static std::string digest(std::string_view body);

 private:
  struct Parts {
    std::string_view answer, version;
  };
  [[nodiscard]] std::optional<Parts> parts_of(std::string_view sent) const noexcept;

  std::string name_;  // a digest; `view_` has the beginning of it
  std::string view_;
  domain::Version state_;
  std::string version_;
};

}  // namespace togglecast::http_api
