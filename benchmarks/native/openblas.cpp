// A perceptron in plain C++ around OpenBLAS's sgemm, as a peer of main.go: what a careful programmer writes by hand.
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using Vector = std::vector<float>;

struct Net {
  std::vector<int> sizes;
  std::vector<Vector> w, b, gw, gb, mw, vw, mb, vb;
  std::vector<Vector> out, dz;  // out[0] is the batch
  long step = 0;

  Net(const std::vector<int> &s, int batch) : sizes(s) {
    std::mt19937 random(1);
    out.push_back(Vector(batch * s[0]));
    dz.push_back(Vector(batch * s[0]));
    for (size_t l = 0; l + 1 < s.size(); l++) {
      int n = s[l] * s[l + 1];
      float limit = std::sqrt(6.f / (s[l] + s[l + 1]));
      std::uniform_real_distribution<float> uniform(-limit, limit);
      w.push_back(Vector(n));
      for (float &x : w.back()) x = uniform(random);
      b.push_back(Vector(s[l + 1]));
      for (auto *list : {&gw, &mw, &vw}) list->push_back(Vector(n));
      for (auto *list : {&gb, &mb, &vb}) list->push_back(Vector(s[l + 1]));
      out.push_back(Vector(batch * s[l + 1]));
      dz.push_back(Vector(batch * s[l + 1]));
    }
  }

  void forward(int rows) {
    for (size_t l = 0; l < w.size(); l++) {
      int inputs = sizes[l], units = sizes[l + 1];
      float *y = out[l + 1].data();
      for (int r = 0; r < rows; r++) std::copy(b[l].begin(), b[l].end(), y + r * units);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, units, inputs, 1, out[l].data(), inputs, w[l].data(), units, 1, y, units);
      if (l + 1 < w.size()) {
        for (int i = 0; i < rows * units; i++) y[i] = std::max(y[i], 0.f);
        continue;
      }
      for (int r = 0; r < rows; r++) {
        float *z = y + r * units, top = *std::max_element(z, z + units), sum = 0;
        for (int u = 0; u < units; u++) sum += z[u] = std::exp(z[u] - top);
        for (int u = 0; u < units; u++) z[u] /= sum;
      }
    }
  }

  void backward(const std::vector<int> &labels) {
    int rows = labels.size(), last = w.size(), classes = sizes[last];
    for (int r = 0; r < rows; r++)
      for (int u = 0; u < classes; u++) dz[last][r * classes + u] = (out[last][r * classes + u] - (u == labels[r])) / rows;
    for (int l = last - 1; l >= 0; l--) {
      int inputs = sizes[l], units = sizes[l + 1];
      float *d = dz[l + 1].data();
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, inputs, units, rows, 1, out[l].data(), inputs, d, units, 0, gw[l].data(), units);
      std::fill(gb[l].begin(), gb[l].end(), 0.f);
      for (int r = 0; r < rows; r++)
        for (int u = 0; u < units; u++) gb[l][u] += d[r * units + u];
      if (l > 0) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, inputs, units, 1, d, units, w[l].data(), units, 0, dz[l].data(), inputs);
        for (int i = 0; i < rows * inputs; i++)
          if (!(out[l][i] > 0)) dz[l][i] = 0;
      }
    }
  }

  static void adam(Vector &w, Vector &m, Vector &v, const Vector &g, float rate) {
    for (size_t i = 0; i < w.size(); i++) {
      m[i] += (g[i] - m[i]) * 0.1f;
      v[i] += (g[i] * g[i] - v[i]) * 0.001f;
      w[i] -= rate * m[i] / (std::sqrt(v[i]) + 1e-7f);
    }
  }

  void update() {
    step++;
    float rate = 0.001 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
    for (size_t l = 0; l < w.size(); l++) {
      adam(w[l], mw[l], vw[l], gw[l], rate);
      adam(b[l], mb[l], vb[l], gb[l], rate);
    }
  }
};

static double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

static std::function<void()> prepare(const std::string &task, const std::vector<int> &sizes, int batch, int steps) {
  int features = sizes[0], classes = sizes.back();
  auto net = std::make_shared<Net>(sizes, batch);
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  auto x = std::make_shared<Vector>(size_t(batch) * steps * features);
  for (float &v : *x) v = normal(random);
  if (task == "predict") {
    net->out[0] = *x;
    return [=] { net->forward(batch); };
  }
  auto y = std::make_shared<std::vector<int>>(batch * steps);
  for (int &v : *y) v = random() % classes;
  auto order = std::make_shared<std::vector<int>>(batch * steps);
  std::iota(order->begin(), order->end(), 0);
  return [=]() mutable {
    std::vector<int> labels(batch);
    std::shuffle(order->begin(), order->end(), random);
    for (int s = 0; s < steps; s++) {
      for (int i = 0; i < batch; i++) {
        int r = (*order)[s * batch + i];
        std::copy_n(x->begin() + size_t(r) * features, features, net->out[0].begin() + i * features);
        labels[i] = (*y)[r];
      }
      net->forward(batch);
      net->backward(labels);
      net->update();
    }
  };
}

int main() {
  std::map<std::string, std::pair<std::function<void()>, int>> ready;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "version") {
      std::cout << openblas_get_config() << std::endl;
      continue;
    }
    std::istringstream words(line);
    std::string task, name;
    int batch = 1, steps = 1;
    words >> task >> name >> batch;
    if (task == "train") words >> steps;
    if (!ready.count(line)) {
      std::vector<int> sizes;
      std::istringstream parts(name);
      for (std::string part; std::getline(parts, part, '-');) sizes.push_back(std::stoi(part));
      auto once = prepare(task, sizes, batch, steps);
      double begin = seconds();
      once();
      ready[line] = {once, std::max(1, int(0.05 / (seconds() - begin)))};
    }
    auto &[once, calls] = ready[line];
    double begin = seconds();
    for (int i = 0; i < calls; i++) once();
    std::cout << (seconds() - begin) * 1e9 / calls / steps << std::endl;
  }
}
