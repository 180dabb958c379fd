// A client as the stock one is: it keeps the pid and the newest offset, applies whole pushes to its copy, and
// presents both when it comes back.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "component/realtime/realtime_fixture.hpp"

namespace togglecast::realtime::testing {

class Page {
 public:
  using Key = std::pair<std::string, std::int64_t>;  // event and id

  Page(std::uint16_t port, std::string nsp, std::string token)
      : nsp_(std::move(nsp)), port_(port), token_(std::move(token)) {}

  /// JSON; empty: none.
  void set_context(std::string context) { context_ = std::move(context); }
  void set_token(std::string token) { token_ = std::move(token); }
  /// Members of `auth`, as they stand in it.
  void set_more(std::string more) { more_ = std::move(more); }

  /// Connects, and reads the answer to CONNECT. What came of an unfinished push is thrown away.
  void connect() {
    ask_to_join();
    joined(client_->next());
  }
  /// Connects, and is cut after it has read so many bytes of what the server sends then.
  void connect_and_read(std::size_t bytes) {
    ask_to_join();
    const std::string got = client_->tcp().receive(bytes);
    ASSERT_EQ(got.size(), bytes) << "the connection ended";
    drop();
    std::string_view left = got;
    while (left.size() >= 2) {
      std::size_t size = static_cast<unsigned char>(left[1]), head = 2;
      if (size == 126 && left.size() < 4) return;
      if (size == 126) {
        size = static_cast<unsigned char>(left[2]) * 256U + static_cast<unsigned char>(left[3]);
        head = 4;
      }
      if (left.size() < head + size) return;
      const std::string packet(left.substr(head, size));
      left.remove_prefix(head + size);
      packet.substr(0, 2) == "40" ? joined(packet) : take(packet);
    }
  }
  /// Reads one packet and takes it in; false when the connection has ended.
  bool read() {
    const auto packet = client_->receive();
    if (!packet) return false;
    take(*packet);
    return true;
  }
  /// Reads until the server says that it has been told everything, up to this revision at least.
  void catch_up(domain::Revision at_least) {
    do {
      const std::string id = std::to_string(++asked_);
      client_->send("42" + nsp_ + "," + id + R"(["config_check",{}])");
      answered_ = "43" + nsp_ + "," + id + "[";
      while (!answered_.empty()) ASSERT_TRUE(read()) << "the connection ended";
    } while (!up_to_date_ || told_ < at_least);
  }
  void send(const std::string& event, const std::string& argument) {
    client_->send("42" + nsp_ + R"(,[")" + event + R"(",)" + argument + "]");
  }
  void send_with_ack(int id, const std::string& event, const std::string& argument) {
    client_->send("42" + nsp_ + "," + std::to_string(id) + R"([")" + event + R"(",)" + argument + "]");
  }
  /// The connection is cut; what it has not read is lost.
  void drop() {
    if (client_) client_->tcp().reset();
    client_.reset();
  }
  [[nodiscard]] bool is_connected() const noexcept { return client_.has_value(); }

  /// Everything as text, by event and id.
  std::map<Key, std::string> copy;
  std::string pid, offset;
  bool recovered = false;
  std::vector<std::string> events;  ///< of this connection, such as `platform_update create 3`
  std::size_t bytes_of_state = 0;   ///< of the packet with the first event
  std::string state_event;          ///< the first event of this connection
  json::value state;                ///< its payload
  /// Called with the revision of each offset, when the copy has it.
  std::function<void(domain::Revision)> on_offset;

  /// A view in the form of `copy`.
  static std::map<Key, std::string> copy_of(const json::object& view) {
    std::map<Key, std::string> made;
    const auto put = [&made](const char* event, const json::value& entity) {
      if (!entity.is_null())
        made[{event, event == std::string("client_update") ? 0 : entity.at("id").as_int64()}] =
            json::canonical(entity);
    };
    const auto put_all = [&](const char* event, std::string_view member) {
      const auto* list = view.if_contains(member);
      if (list == nullptr) return;
      for (const auto& one : list->as_array()) put(event, one);
    };
    put_all("platform_update", "platforms");
    put_all("feature_update", "features");
    put_all("package_update", "packages");
    put_all("segment", "segments");
    put_all("client", "clients");
    put_all("token", "tokens");
    if (const auto* package = view.if_contains("package")) put("package_update", *package);
    if (const auto* client = view.if_contains("client")) put("client_update", *client);
    return made;
  }

 private:
  void ask_to_join() {
    client_.emplace(test::HttpClient(port_));
    pushing_.clear();
    events.clear();
    state_event.clear();
    recovered = false;
    std::string auth = R"({"token":")" + token_ + '"';
    if (!context_.empty()) auth += R"(,"context":)" + context_;
    if (!pid.empty()) auth += R"(,"pid":")" + pid + '"';
    if (!pid.empty() && !offset.empty()) auth += R"(,"offset":")" + offset + '"';
    client_->send("40" + nsp_ + "," + auth + more_ + "}");
  }
  void joined(const std::string& answer) {
    ASSERT_EQ(answer.substr(0, nsp_.size() + 3), "40" + nsp_ + ",") << answer;
    const std::string given = test::string_member(answer, "pid");
    recovered = !given.empty() && given == pid;
    pid = given;
  }
  void take(const std::string& packet) {
    if (!answered_.empty() && packet.substr(0, answered_.size()) == answered_) {
      const auto answer = json::parse(std::string_view(packet).substr(answered_.size() - 1)).value();
      up_to_date_ = answer.at(0).at("up_to_date").as_bool();
      told_ = answer.at(0).at("revision").as_int64();
      answered_.clear();
      return;
    }
    const std::string prefix = "42" + nsp_ + ",";
    if (packet.substr(0, prefix.size()) != prefix) return;  // an acknowledgement
    const auto event = json::parse(std::string_view(packet).substr(prefix.size())).value().as_array();
    const std::string name(event.at(0).as_string());
    if (state_event.empty()) {
      state_event = name;
      state = event.at(1);
      bytes_of_state = packet.size();
    }
    apply(name, event.at(1));
    if (!pid.empty() && event.back().is_string()) {
      offset = event.back().as_string();
      if (on_offset) on_offset(domain::parse_offset(offset).value().revision);
    }
  }
  void apply(const std::string& name, const json::value& payload) {
    std::string line = name;
    if (name == "client_connected" || name == "config_sync") {
      copy = copy_of(name == "config_sync" ? payload.at("snapshot").as_object() : payload.as_object());
    } else if (const auto key = key_of(name, payload)) {
      line += " " + std::string(payload.at("type").as_string()) + " " + std::to_string(key->second);
      pushing_.emplace_back(*key, payload.at("data"));
      if (!payload.at("more").as_bool()) {
        for (const auto& [of, data] : pushing_) {
          if (data.is_null()) {
            copy.erase(of);
          } else {
            copy[of] = json::canonical(data);
          }
        }
        pushing_.clear();
      }
    }
    events.push_back(line);
  }
  static std::optional<Key> key_of(const std::string& name, const json::value& payload) {
    for (const char* id : {"platform_id", "feature_id", "package_id"})
      if (const auto* found = json::find(payload, id)) return Key{name, found->as_int64()};
    if (name == "client_update") return Key{name, 0};
    if (name == "entity_update" && json::find(payload, "environment") == nullptr)
      return Key{std::string(payload.at("entity_type").as_string()), payload.at("entity_id").as_int64()};
    return std::nullopt;
  }

  std::string nsp_;
  std::uint16_t port_;
  std::string token_, context_, more_;
  std::optional<test::SocketIoClient> client_;
  std::vector<std::pair<Key, json::value>> pushing_;
  std::string answered_;
  bool up_to_date_ = false;
  domain::Revision told_ = 0;
  int asked_ = 1'000;
};

class ResumeTest : public RealtimeTest {
 protected:
  template <typename Service>
  domain::Id make(Service& service, const std::string& body) {
    const auto made = service::testing::wait_for<changes::Written>(
        [&](changes::Done done) { service.create(admin(), service::testing::parse(body), {}, done); });
    EXPECT_TRUE(made.has_value()) << made.error().message << body;
    return made ? made->id : 0;
  }
  template <typename Service>
  bool alter(Service& service, domain::Id id, const std::string& body) {
    const auto made = service::testing::wait_for<changes::Written>(
        [&](changes::Done done) { service.update(admin(), id, service::testing::parse(body), {}, done); });
    return made.has_value();
  }
  template <typename Service>
  bool remove(Service& service, domain::Id id) {
    const auto made = service::testing::wait_for<changes::Written>(
        [&](changes::Done done) { service.remove(admin(), id, {}, done); });
    return made.has_value();
  }
  domain::Id feature(const std::string& key, const std::string& more = "") {
    return make(application_->features(), R"({"key":")" + key + R"(","name":"F")" + more + "}");
  }
  domain::Id package(const std::string& key, const std::string& features) {
    return make(application_->packages(),
                R"({"key":")" + key + R"(","name":"P","features":)" + features + "}");
  }
  static std::string assigned(std::initializer_list<domain::Id> features) {
    std::string text;
    for (const auto id : features)
      text += (text.empty() ? "" : ",") + (R"({"feature_id":)" + std::to_string(id)) + "}";
    return "[" + text + "]";
  }
  /// What the client sees of a state.
  static std::map<Page::Key, std::string> view(const domain::Snapshot& state, domain::Id client,
                                               const std::string& context = "") {
    const json::value parsed = context.empty() ? json::value(json::object{}) : json::parse(context).value();
    return Page::copy_of(domain::client_view(state, *state.find<domain::Client>(client),
                                             context.empty() ? nullptr : &parsed.get_object()));
  }
  /// A client that has connected and is up to date.
  Page page_of(const std::string& key, const std::string& context = "") {
    Page page(port_, "/client", client_token(key));
    page.set_context(context);
    page.connect();
    page.catch_up(current()->revision());
    EXPECT_EQ(page.state_event, "client_connected");
    return page;
  }
  void come_back(Page& page) {
    page.drop();
    page.connect();
    page.catch_up(current()->revision());
    // Both tell the same.
    EXPECT_EQ(page.recovered, page.state_event == "client_resumed" || page.state_event == "admin_resumed");
  }
  std::uint64_t counted(const std::string& name) { return metrics_.counter(name, "").value(); }
  std::uint64_t resumes(const std::string& result, const std::string& nsp = "/client") {
    return metrics_.counter("togglecast_realtime_resumes_total", "", {{"namespace", nsp}, {"result", result}})
        .value();
  }
};

}  // namespace togglecast::realtime::testing
