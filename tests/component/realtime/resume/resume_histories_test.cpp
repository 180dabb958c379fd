// Random histories of changes, contexts and cuts between any two frames, against a model that evaluates
// everything again: at each offset that a page is given, it has the view of that state, and a page that comes
// back is told "recovered" exactly when it was resumed.
#include <random>
#include <string>
#include <vector>

#include "resume_fixture.hpp"

namespace togglecast::realtime::testing {
namespace {

class ResumeHistories : public ResumeTest {
 protected:
  ResumeHistories() {
    options_.ring.snapshots = 40;  // some are away for longer
    realtime_options_.events = {.per_second = 100'000, .burst = 100'000};
    realtime_options_.full_states = {.per_second = 100'000, .burst = 100'000};
    realtime_options_.resume_wait = Milliseconds{1};
  }

  struct Viewer {
    Page page;
    domain::Id client = 0;  // 0: an admin
    std::string context;    // that the page sees with; empty: none
    std::string connects_with;
  };

  std::size_t below(std::size_t n) { return random_() % n; }
  template <typename T>
  const T& any(const std::vector<T>& of) {
    return of[below(of.size())];
  }
  std::string some_context() {
    static const std::vector<std::string> kContexts{"", R"({"region":"eu"})", R"({"region":"us","n":1})"};
    return any(kContexts);
  }
  std::string some_targeting() {
    static const std::vector<std::string> kRules{
        "null", R"({"if":[{"==":[{"var":"region"},"eu"]},"on","off"]})",
        R"({"if":[{"var":"client.vip"},"on","off"]})", R"({"if":[{"$ref":"area"},"on","off"]})"};
    return any(kRules);
  }
  std::string some_features() {
    std::string list;
    for (const auto id : features_)
      if (below(2) == 0) list += (list.empty() ? "" : ",") + (R"({"feature_id":)" + std::to_string(id)) + "}";
    return "[" + list + "]";
  }

  void begin() {
    segment_ = make(application_->segments(), R"({"key":"area","name":"Area","rule":true})");
    for (const char* key : {"web", "ios"})
      platforms_.push_back(create_platform(R"({"key":")" + std::string(key) + R"(","name":"P"})")->id);
    for (int i = 0; i < 4; ++i)
      features_.push_back(
          feature("f" + std::to_string(i), R"(,"variants":{"on":true,"off":false},"defaultVariant":"on")"));
    for (const char* key : {"small", "large"}) packages_.push_back(package(key, some_features()));
    for (int i = 0; i < 3; ++i) {
      const std::string token = client_token("c" + std::to_string(i));
      for (int pages = 0; pages < 2; ++pages) add({Page(port_, "/client", token), last_client_, {}, {}});
    }
    add({Page(port_, "/admin", admin_token()), 0, {}, {}});
  }
  void add(Viewer viewer) { viewers_.push_back(std::make_unique<Viewer>(std::move(viewer))); }

  // What it refuses changes nothing.
  void change() {
    const auto with = [](const char* name, const std::string& value) {
      return R"({")" + std::string(name) + "\":" + value + "}";
    };
    auto& clients = application_->clients();
    const auto client = viewers_[below(6)]->client;
    switch (below(13)) {
      case 0:
        (void)toggle_platform(any(platforms_));
        return;
      case 1:
        (void)alter(clients, client,
                    with("package_id", below(4) == 0 ? "null" : std::to_string(any(packages_))));
        return;
      case 2:
        (void)alter(clients, client, with("attributes", below(2) == 0 ? "{}" : R"({"vip":true})"));
        return;
      case 3:
        (void)alter(clients, client,
                    with("overrides", below(2) == 0 ? "[]"
                                                    : R"([{"feature_id":)" + std::to_string(any(features_)) +
                                                          (below(2) == 0 ? R"(,"removed":true}])"
                                                                         : R"(,"value":true}])")));
        return;
      case 4:
        (void)alter(application_->features(), any(features_), with("targeting", some_targeting()));
        return;
      case 5:
        (void)alter(application_->features(), any(features_),
                    with("state", below(2) == 0 ? R"("ENABLED")" : R"("DISABLED")"));
        return;
      case 6:
        (void)alter(application_->segments(), segment_,
                    with("rule", below(2) == 0 ? "true" : R"({"==":[{"var":"region"},"us"]})"));
        return;
      case 7:
        (void)alter(application_->packages(), any(packages_), with("features", some_features()));
        return;
      case 8:
        (void)alter(application_->features(), any(features_),
                    with("platforms", below(2) == 0 ? "[]" : "[" + std::to_string(any(platforms_)) + "]"));
        return;
      case 9: {
        const auto made = create_platform(R"({"key":"p)" + std::to_string(++made_) + R"(","name":"P"})");
        if (made) platforms_.push_back(made->id);
        return;
      }
      case 10:
        if (platforms_.size() > 3 && remove_platform(platforms_.back())) platforms_.pop_back();
        return;
      case 11:
        (void)alter(clients, client, with("active", below(3) == 0 ? "false" : "true"));
        return;
      default:
        (void)alter(clients, client, with("name", "\"N" + std::to_string(below(5)) + "\""));
    }
  }

  std::map<Page::Key, std::string> expected(const Viewer& viewer, const domain::Snapshot& state) const {
    if (viewer.client != 0) return view(state, viewer.client, viewer.context);
    return Page::copy_of(domain::admin_view(state, auth::readable_kinds(domain::Role::owner)));
  }
  void connect(Viewer& viewer) {
    viewer.page.set_context(viewer.connects_with);
    viewer.page.connect();
    ++connects_;
    recovered_ += viewer.page.recovered ? 1 : 0;
    viewer.page.on_offset = [this, &viewer](domain::Revision revision) {
      const auto state = application_->model().at("production", revision);
      if (viewer.client == 0 && viewer.page.events.empty()) return;
      if (state == nullptr) return;  // it reads slowly
      ++offsets_;
      if (viewer.page.events.back() == "admin_connected") viewer.page.copy = expected(viewer, *state);
      EXPECT_EQ(viewer.page.copy, expected(viewer, *state))
          << "at revision " << revision << " after " << viewer.page.events.back();
    };
    if (viewer.page.recovered) return;
    viewer.context = viewer.connects_with;
  }
  static void agree(const Viewer& viewer) {
    const std::string& first = viewer.page.state_event;
    if (first.empty()) return;
    EXPECT_EQ(viewer.page.recovered, first == "client_resumed" || first == "admin_resumed") << first;
  }
  // A few frames more, if there are any: the answer to a question is the last of them.
  void read_some(Viewer& viewer) {
    for (std::size_t frames = below(4); frames > 0 && viewer.page.is_connected(); --frames) {
      viewer.page.send("config_check", "{}");
      if (!viewer.page.read()) viewer.page.drop();
    }
  }
  void act() {
    Viewer& viewer = *any(viewers_);
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
        return change();
      case 3:
        viewer.page.drop();
        return;
      case 4:
        if (viewer.page.is_connected()) return read_some(viewer);
        if (viewer.client != 0 && below(4) == 0) viewer.connects_with = some_context();
        return connect(viewer);
      case 5:
        if (!viewer.page.is_connected()) return connect(viewer);
        viewer.page.catch_up(current()->revision());
        EXPECT_EQ(viewer.page.copy, expected(viewer, *current()));
        agree(viewer);
        return;
      default:
        if (!viewer.page.is_connected()) connect(viewer);
        read_some(viewer);
        agree(viewer);
        if (below(2) == 0) viewer.page.drop();
    }
  }

  std::mt19937 random_;
  domain::Id segment_ = 0;
  std::vector<domain::Id> platforms_, features_, packages_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  int made_ = 0, connects_ = 0, recovered_ = 0, offsets_ = 0;
};

TEST_F(ResumeHistories, EveryPageHasAtEachOffsetWhatAFreshEvaluationGives) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_.seed(seed);
  begin();

  for (int step = 0; step < 400 && !HasFailure(); ++step) act();

  for (auto& viewer : viewers_) {
    if (!viewer->page.is_connected()) connect(*viewer);
    viewer->page.catch_up(current()->revision());
    EXPECT_EQ(viewer->page.copy, expected(*viewer, *current()));
    agree(*viewer);
  }
  EXPECT_GT(recovered_, 10);
  EXPECT_LT(recovered_, connects_) << "some had to begin again";
  EXPECT_GT(offsets_, 50);
}

}  // namespace
}  // namespace togglecast::realtime::testing
