// Answers for all flags of a client, kept for the next request that gets the same: the pages of one tenant
// often send equal contexts. An answer is good for the one state that it was made from. It is kept from its
// second use, so that contexts that come once take no memory, and at most kMost x kLargest bytes are kept.
// A page that polls sends the same bytes each time: which view they ask for is read once.
// Thread rule: any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/memory/recently_used.hpp"
#include "domain/schema/version.hpp"
#include "observe/metrics.hpp"

namespace togglecast::http_api {

struct KeptAnswer {
  domain::Version version;  ///< of the state
  std::string digest;       ///< `OfrepTag::digest` of the body
  std::string body;
};

class KeptAnswers {
 public:
  static constexpr std::size_t kMost = 1'024;                   // answers
  static constexpr std::size_t kLargest = 16 * 1'024;           // bytes
  static constexpr std::size_t kQuestions = 2 * 1'024 * 1'024;  // bytes of all
  static constexpr std::size_t kQuestionCost = 200;             // bytes of memory beside its text, roughly
  static constexpr std::size_t kLargestBody = 4 * 1'024;        // of a request that is remembered

  explicit KeptAnswers(observe::Metrics& metrics)
      : hits_(metrics.counter("togglecast_ofrep_kept_hits_total", "Answers for all flags that were kept.")),
        misses_(metrics.counter("togglecast_ofrep_kept_misses_total",
                                "Answers for all flags that had to be worked out.")) {}

  /// `view`: what decides the answer beside the state. Null: it has to be worked out.
  [[nodiscard]] std::shared_ptr<const KeptAnswer> find(std::string_view view,
                                                       const domain::Version& version) {
    auto known = known_.find(view);
    const bool fits = known && *known != nullptr && (*known)->version == version;
    (fits ? hits_ : misses_).add();
    return fits ? *std::move(known) : nullptr;
  }
  void keep(std::string_view view, const KeptAnswer& answer) {
    if (answer.body.size() > kLargest) return;
    known_.keep(view, known_.find(view) ? std::make_shared<const KeptAnswer>(answer) : nullptr);
  }

  /// The name of the view that these bytes asked for before, if any.
  [[nodiscard]] std::optional<std::string> view_of(std::string_view question) {
    return views_.find(question);
  }
  /// The caller and the body, which `may_keep` has let through.
  void keep_view(std::string_view question, const std::string& view) {
    views_.keep(question, view, question.size() + view.size() + kQuestionCost);
  }
  [[nodiscard]] static bool may_keep(std::string_view body) noexcept { return body.size() <= kLargestBody; }

 private:
  observe::Counter& hits_;
  observe::Counter& misses_;
  RecentlyUsed<std::shared_ptr<const KeptAnswer>> known_{kMost};  // null: seen once
  RecentlyUsed<std::string> views_{kQuestions};
};

}  // namespace togglecast::http_api
