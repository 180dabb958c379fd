// Batches as server-sent events. Thread rule: immutable.
#pragma once

#include <memory>
#include <string>

#include "base/shared_bytes.hpp"
#include "delivery/batch.hpp"

namespace togglecast::http_api {

/// The events of one batch. All receivers share the bytes; the id, which has the receiver's pid, follows
/// them.
class StreamBatch final : public delivery::EncodedBatch {
 public:
  StreamBatch(SharedBytes bytes, std::string offset) : bytes_(std::move(bytes)), offset_(std::move(offset)) {}
  /// With an offset, the last event is still open: its id follows.
  [[nodiscard]] const SharedBytes& bytes() const noexcept { return bytes_; }
  /// What the receiver has then; empty: the batch is complete as it is.
  [[nodiscard]] const std::string& offset() const noexcept { return offset_; }

 private:
  SharedBytes bytes_;
  std::string offset_;
};

/// The events of `/client`, one for each update.
class ViewEncoder final : public delivery::BatchEncoder {
 public:
  [[nodiscard]] std::unique_ptr<delivery::Encoding> begin(const delivery::Batch& batch) const override;
};
/// OFREP's notice that something may have changed.
class NoticeEncoder final : public delivery::BatchEncoder {
 public:
  [[nodiscard]] std::unique_ptr<delivery::Encoding> begin(const delivery::Batch& batch) const override;
};

[[nodiscard]] const ViewEncoder& view_encoder() noexcept;
[[nodiscard]] const NoticeEncoder& notice_encoder() noexcept;

/// The id of a notice, and the `etag` in it: the version of the state.
[[nodiscard]] std::string notice_id(const domain::Snapshot& state);

}  // namespace togglecast::http_api
