#include "cluster/redis/resp.hpp"

#include <hiredis/read.h>

#include <new>
#include <utility>

namespace togglecast::cluster::redis {

// Also what the functions get that hiredis calls.
struct ReplyReader::State {
  ReplyLimits limits;
  redisReader* reader = nullptr;
  std::size_t pending_bytes = 0;  // fed since the last whole reply
  std::size_t values = 0;         // of the reply that is being read
  bool too_large = false;

  // A new value where `task` wants it; nullptr beyond the limits or without memory, which ends the reading.
  // An open array is the last item of its parent, so growing an array moves no open one.
  [[nodiscard]] static Reply* add(const redisReadTask* task, Reply::Type type,
                                  std::string_view text = {}) noexcept {
    auto& self = *static_cast<State*>(task->privdata);
    if (++self.values > self.limits.values) {
      self.too_large = true;
      return nullptr;
    }
    try {
      Reply made;
      made.type = type;
      made.text = text;
      if (task->parent == nullptr) return new Reply(std::move(made));
      return &static_cast<Reply*>(task->parent->obj)->items.emplace_back(std::move(made));
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  static void* create_string(const redisReadTask* task, char* text, std::size_t size) {
    return add(task, task->type == REDIS_REPLY_ERROR ? Reply::Type::error : Reply::Type::text, {text, size});
  }
  static void* create_array(const redisReadTask* task, int /*elements*/) {
    return add(task, Reply::Type::array);
  }
  static void* create_integer(const redisReadTask* task, long long value) {
    Reply* reply = add(task, Reply::Type::integer);
    if (reply != nullptr) reply->integer = value;
    return reply;
  }
  static void* create_nil(const redisReadTask* task) { return add(task, Reply::Type::null); }
  static void free_object(void* reply) { delete static_cast<Reply*>(reply); }

  static inline redisReplyObjectFunctions functions{&create_string, &create_array, &create_integer,
                                                    &create_nil, &free_object};
};

ReplyReader::ReplyReader(const ReplyLimits& limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
  state_->reader = redisReaderCreateWithFunctions(&State::functions);
  if (state_->reader == nullptr) throw std::bad_alloc();
  state_->reader->privdata = state_.get();
}

ReplyReader::~ReplyReader() { redisReaderFree(state_->reader); }

void ReplyReader::feed(std::string_view bytes) {
  state_->pending_bytes += bytes.size();
  redisReaderFeed(state_->reader, bytes.data(), bytes.size());
}

Result<std::optional<Reply>> ReplyReader::next() {
  void* whole = nullptr;
  const int result = redisReaderGetReply(state_->reader, &whole);
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(whole));
  const bool waits = result == REDIS_OK && reply == nullptr;
  if (state_->too_large || (waits && state_->pending_bytes > state_->limits.bytes))
    return fail(Errc::payload_too_large, "a reply is larger than " + std::to_string(state_->limits.bytes) +
                                             " bytes or " + std::to_string(state_->limits.values) +
                                             " values");
  if (result != REDIS_OK)
    return fail(Errc::parse_error,
                std::string("the bytes are not those of a Redis: ") + redisReaderGetError(state_->reader));
  if (waits) return std::nullopt;
  state_->values = 0;
  state_->pending_bytes = state_->reader->len - state_->reader->pos;
  return std::optional(std::move(*reply));
}

std::string encode(const std::vector<std::string>& words) {
  std::size_t size = 16;
  for (const std::string& word : words) size += word.size() + 16;
  std::string out;
  out.reserve(size);
  out.append("*").append(std::to_string(words.size())).append("\r\n");
  for (const std::string& word : words)
    out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
  return out;
}

}  // namespace togglecast::cluster::redis
