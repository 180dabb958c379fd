// Answers of `feature_check` for the next one that asks the same of the same state: the same connection
// again, or another one of the client if both have no context. Bounded: kMost answers of at most kLargest
// bytes, and the contexts that they were given for. An answer that was asked for again stays one turn longer
// than one that was not, so that questions that come once do not push out the others.
// Thread rule: belongs to one shard.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "domain/schema/version.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::realtime {

class FeatureAnswers {
 public:
  static constexpr std::size_t kMost = 1'024;
  static constexpr std::size_t kLargest = 4 * 1'024;  // bytes of an answer

  /// Which answer is due.
  struct Question {
    const domain::Snapshot& state;
    domain::Id client;
    const std::shared_ptr<const json::object>&
        context;  ///< of the connection; the same object, not an equal one
    std::string_view feature;
  };

  /// nullptr: it has to be worked out. Good until the next call of `keep`.
  [[nodiscard]] const std::string* find(const Question& question) noexcept {
    if (entries_.empty()) return nullptr;
    Entry& entry = entries_[place_of(question)];
    if (!entry.answers(question)) return nullptr;
    entry.used = true;
    return &entry.text;
  }
  void keep(const Question& question, const std::string& text) {
    if (text.size() > kLargest || question.feature.size() > kLargest) return;
    if (entries_.empty()) entries_.resize(kMost);
    Entry& entry = entries_[place_of(question)];
    if (std::exchange(entry.used, false) && entry.is_of(question.state)) return;
    entry = {question.state.environment(),
             version_of(question.state),
             question.client,
             question.context,
             std::string(question.feature),
             text,
             false};
  }

 private:
  struct Entry {
    std::string environment;
    domain::Version version;
    domain::Id client = 0;
    std::shared_ptr<const json::object> context;
    std::string feature, text;
    bool used = false;

    [[nodiscard]] bool is_of(const domain::Snapshot& state) const noexcept {
      return version == version_of(state) && environment == state.environment();
    }
    [[nodiscard]] bool answers(const Question& question) const noexcept {
      return client == question.client && context == question.context && feature == question.feature &&
             is_of(question.state);
    }
  };

  [[nodiscard]] static domain::Version version_of(const domain::Snapshot& state) noexcept {
    return {state.head().epoch, state.revision()};
  }
  [[nodiscard]] static std::size_t place_of(const Question& question) noexcept {
    const std::size_t name = std::hash<std::string_view>()(question.feature);
    const std::size_t who = std::hash<const void*>()(question.context.get()) / alignof(std::max_align_t) +
                            static_cast<std::size_t>(question.client);
    return (name ^ who * 0x9e3779b97f4a7c15U) % kMost;
  }

  std::vector<Entry> entries_;
};

}  // namespace togglecast::realtime
