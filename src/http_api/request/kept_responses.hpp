// Bodies of answers that have an ETag, kept for the next request that gets the same. A body is good for its
// ETag. It is kept from its second use, so that requests that come once take no memory.
// Thread rule: any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/memory/recently_used.hpp"
#include "base/shared_bytes.hpp"
#include "http_api/request/content_coding.hpp"
#include "observe/metrics.hpp"

namespace togglecast::http_api {

struct KeptResponse {
  std::string etag;
  SharedBytes plain;
  SharedBytes gzip{};  ///< null: nobody asked for it yet
};

class KeptResponses {
 public:
  static constexpr std::size_t kMostBytes = 16 * 1'024 * 1'024;
  static constexpr std::size_t kLargest = 1'024 * 1'024;  // bytes, both codings together
  static constexpr std::size_t kSeenOnce = 256;           // bytes that a request costs which came once

  explicit KeptResponses(observe::Metrics& metrics)
      : hits_(metrics.counter("togglecast_http_kept_hits_total", "Answers with an ETag that were kept.")),
        misses_(metrics.counter("togglecast_http_kept_misses_total",
                                "Answers with an ETag that had to be made.")) {}

  /// `request`: what decides the answer beside the state. `gzip`: compressed, unless it is too small for
  /// that. Null: it has to be made.
  [[nodiscard]] std::shared_ptr<const KeptResponse> find(std::string_view request, std::string_view etag,
                                                         bool gzip) {
    auto known = known_.find(request);
    const bool fits = known && *known != nullptr && (*known)->etag == etag &&
                      (!gzip || (*known)->gzip || (*known)->plain.size() < kLeastCompressed);
    (fits ? hits_ : misses_).add();
    return fits ? *std::move(known) : nullptr;
  }
  /// The coding that `response` lacks is kept on, if it is the same answer.
  void keep(std::string_view request, KeptResponse response) {
    const auto known = known_.find(request);
    if (known && *known != nullptr && (*known)->etag == response.etag && !response.gzip)
      response.gzip = (*known)->gzip;
    const std::size_t bytes = response.plain.size() + response.gzip.size();
    if (bytes > kLargest) return;
    known_.keep(request, known ? std::make_shared<const KeptResponse>(std::move(response)) : nullptr,
                known ? bytes + kSeenOnce : kSeenOnce);
  }

 private:
  observe::Counter& hits_;
  observe::Counter& misses_;
  RecentlyUsed<std::shared_ptr<const KeptResponse>> known_{kMostBytes};  // null: seen once
};

}  // namespace togglecast::http_api
