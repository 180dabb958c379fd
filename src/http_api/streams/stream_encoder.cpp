#include "http_api/streams/stream_encoder.hpp"

#include <utility>

#include "delivery/batch.hpp"
#include "domain/schema/version.hpp"
#include "wire/sse/event.hpp"

namespace togglecast::http_api {
namespace {

class ViewEvents final : public delivery::Encoding {
 public:
  explicit ViewEvents(const delivery::Batch& batch) : batch_(batch) {}

  bool run(delivery::Turn& turn) override {
    while (next_ < batch_.updates.size()) {
      const bool last = next_ + 1 == batch_.updates.size();
      auto [name, payload] = delivery::update_event(batch_, next_++, delivery::Receiver::client);
      const std::string data = json::serialize(std::move(payload));
      const wire::sse::Event event{.name = name, .data = data};
      if (last && batch_.resumable) {
        wire::sse::append_open(text_, event);
      } else {
        wire::sse::append(text_, event);
      }
      if (!last && pauses(turn)) return false;
    }
    return true;
  }
  std::unique_ptr<const delivery::EncodedBatch> take() override {
    return std::make_unique<StreamBatch>(
        SharedBytes(text_), batch_.resumable ? to_string(batch_.to->offset(), batch_.tag) : std::string());
  }

 private:
  // Looks at the time after a stretch of text.
  [[nodiscard]] bool pauses(delivery::Turn& turn) {
    constexpr std::size_t kStretch = 32 * 1'024;
    if (text_.size() - looked_at_ < kStretch) return false;
    looked_at_ = text_.size();
    return turn.over();
  }

  const delivery::Batch& batch_;
  std::string text_;
  std::size_t next_ = 0;
  std::size_t looked_at_ = 0;
};

class Notice final : public delivery::Encoding {
 public:
  explicit Notice(const delivery::Batch& batch) : to_(batch.to) {}

  bool run(delivery::Turn&) override { return true; }
  std::unique_ptr<const delivery::EncodedBatch> take() override {
    constexpr std::int64_t kMillisecondsPerSecond = 1'000;
    const std::string id = notice_id(*to_);
    const std::string data =
        json::serialize(json::object{{"type", "refetchEvaluation"},
                                     {"etag", id},
                                     {"lastModified", to_->as_of().value / kMillisecondsPerSecond}});
    std::string text;
    wire::sse::append(text, {.data = data, .id = id});
    return std::make_unique<StreamBatch>(SharedBytes(text), std::string());
  }

 private:
  domain::SnapshotPtr to_;
};

}  // namespace

std::unique_ptr<delivery::Encoding> ViewEncoder::begin(const delivery::Batch& batch) const {
  return std::make_unique<ViewEvents>(batch);
}

std::unique_ptr<delivery::Encoding> NoticeEncoder::begin(const delivery::Batch& batch) const {
  return std::make_unique<Notice>(batch);
}

const ViewEncoder& view_encoder() noexcept {
  static const ViewEncoder kEncoder;
  return kEncoder;
}

const NoticeEncoder& notice_encoder() noexcept {
  static const NoticeEncoder kEncoder;
  return kEncoder;
}

std::string notice_id(const domain::Snapshot& state) {
  return domain::to_string(domain::Version{state.head().epoch, state.revision()});
}

}  // namespace togglecast::http_api
