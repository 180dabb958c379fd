#include "adapters/stream_reader.hpp"

#include <charconv>
#include <utility>

namespace togglecast::adapters {

using cluster::redis::Reply;

namespace {

constexpr Milliseconds kRetryPause{500};

// A timer that owns itself until it fires.
struct RetryTimer : std::enable_shared_from_this<RetryTimer> {
  void arm(net::Shard& shard, std::function<void()> task) {
    timer = std::make_unique<net::CallbackTimer>([self = shared_from_this(), task = std::move(task)] {
      const auto last = std::move(self->timer);
      task();
    });
    shard.arm(*timer, kRetryPause);
  }
  std::unique_ptr<net::CallbackTimer> timer;
};

}  // namespace

std::optional<StreamId> parse_stream_id(std::string_view text) {
  const char* const end = text.data() + text.size();
  StreamId id;
  const auto first = std::from_chars(text.data(), end, id.milliseconds);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, id.sequence);
  if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
  return id;
}

std::string to_string(const StreamId& id) {
  return std::to_string(id.milliseconds) + "-" + std::to_string(id.sequence);
}

// hash := 31 * hash + unit, over UTF-16 units, in 32 bits with a sign; the remainder has that sign, too.
std::string stream_of(std::string_view nsp, const std::string& name, std::size_t count) {
  if (count <= 1) return name;
  std::uint32_t hash = 0;
  const auto add = [&hash](std::uint32_t unit) { hash = hash * 31 + unit; };
  for (std::size_t i = 0; i < nsp.size();) {
    const auto first = static_cast<std::uint8_t>(nsp[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    std::uint32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < nsp.size(); ++k)
      point = point << 6U | (static_cast<std::uint8_t>(nsp[i + k]) & 0x3fU);
    if (point < 0x10000) {
      add(point);
    } else {
      add(0xd800 + ((point - 0x10000) >> 10U));
      add(0xdc00 + ((point - 0x10000) & 0x3ffU));
    }
    i += length;
  }
  return name + "-" + std::to_string(static_cast<std::int32_t>(hash) % static_cast<std::int64_t>(count));
}

std::vector<StreamEntry> stream_entries(const Reply& reply) {
  std::vector<StreamEntry> entries;
  entries.reserve(reply.items.size());
  for (const Reply& item : reply.items) {
    if (item.items.size() != 2) continue;
    const auto id = parse_stream_id(item.items[0].text);
    if (!id) continue;
    StreamEntry entry{*id, {}};
    const auto& words = item.items[1].items;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2)
      entry.fields.emplace_back(words[i].text, words[i + 1].text);
    entries.push_back(std::move(entry));
  }
  return entries;
}

StreamReader::StreamReader(cluster::redis::Client& client, StreamsOptions options, std::string stream)
    : options_(std::move(options)), stream_(std::move(stream)), client_(client.open_another()) {}

StreamReader::~StreamReader() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  client_->stop();
}

void StreamReader::add(const std::string& nsp, net::Shard& shard, Listener listener) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = std::exchange(shard_, &shard) == nullptr;
    listeners_[nsp] = std::make_shared<Listener>(std::move(listener));
  }
  // The client calls no handler once the reader has ended.
  if (first) client_->on_connected([this](bool up, const std::string&) { connected(up); });
}

void StreamReader::remove(const std::string& nsp) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(nsp);
}

std::optional<StreamId> StreamReader::position() const {
  const std::lock_guard lock(mutex_);
  return reading_ ? position_ : std::nullopt;
}

std::optional<StreamId> StreamReader::origin() const {
  const std::lock_guard lock(mutex_);
  return origin_;
}

void StreamReader::connected(bool up) {
  {
    const std::lock_guard lock(mutex_);
    if (!up) reading_ = false;
    if (busy_) again_ = up;
    if (!up || busy_) return;
  }
  find_position();
}

void StreamReader::find_position() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(busy_, true)) return;
    again_ = false;
  }
  client_->command({"XREVRANGE", stream_, "+", "-", "COUNT", "1"},
                   [this](const Result<Reply>& reply) { position_found(reply); });
}

// A stream that ends before the position is another one: Redis was emptied, or lost its newest entries.
void StreamReader::position_found(const Result<Reply>& reply) {
  if (!reply) return failed(reply.error());
  const auto entries = stream_entries(*reply);
  const StreamId last = entries.empty() ? StreamId{} : entries.front().id;
  {
    const std::lock_guard lock(mutex_);
    if (!position_ || last < *position_) position_ = origin_ = last;
    reading_ = true;
  }
  read();
}

void StreamReader::read() {
  std::string position;
  {
    const std::lock_guard lock(mutex_);
    position = to_string(*position_);
  }
  client_->command({"XREAD", "BLOCK", std::to_string(options_.block_time.count()), "COUNT",
                    std::to_string(options_.read_count), "STREAMS", stream_, std::move(position)},
                   [this](const Result<Reply>& reply) { read_done(reply); });
}

void StreamReader::read_done(const Result<Reply>& reply) {
  if (!reply) return failed(reply.error());
  for (const Reply& stream : reply->items) {
    if (stream.items.size() != 2) continue;
    for (const auto& entry : stream_entries(stream.items[1])) give_out(entry);
  }
  read();
}

void StreamReader::give_out(const StreamEntry& entry) {
  std::shared_ptr<Listener> listener;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, value] : entry.fields) {
      if (name != "nsp") continue;
      const auto found = listeners_.find(value);
      if (found != listeners_.end()) listener = found->second;
    }
  }
  if (listener != nullptr) (*listener)(entry);
  const std::lock_guard lock(mutex_);
  position_ = entry.id;
}

void StreamReader::failed(const Error& error) {
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    busy_ = reading_ = false;
    if (ending_) return;
    again = std::exchange(again_, false);
  }
  if (again) return find_position();
  if (error.code == Errc::unavailable && !client_->connected()) return;  // `connected` goes on
  options_.cluster.log.warn("cluster stream cannot be read", {{"stream", stream_}, {"error", error.message}});
  retry_later();
}

void StreamReader::retry_later() {
  const std::lock_guard lock(mutex_);
  if (listeners_.empty()) return;
  shard_->post([weak = weak_from_this(), shard = shard_] {
    std::make_shared<RetryTimer>()->arm(*shard, [weak] {
      if (const auto self = weak.lock()) self->find_position();
    });
  });
}

}  // namespace togglecast::adapters
