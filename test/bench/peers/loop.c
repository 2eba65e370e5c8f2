/*
 * A training loop in C, for `npm run bench`: a multilayer perceptron of rectifiers with one logit, binary cross-entropy,
 * Adam, full batches. Blocks of 64 points go through all layers and back while their activations are in the first cache.
 * Reads `dims epochs points validation rate seed widths` from stdin, answers milliseconds and an outcome.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef float v4 __attribute__((vector_size(16)));
typedef int32_t i4 __attribute__((vector_size(16)));

enum { LANES = 4, BLOCK = 64, VECTORS = BLOCK / LANES, MAX_LAYERS = 16 };

typedef struct {
  int inputs, units;
  float *kernel; /* [units][inputs] */
  float *bias;
  float *kernel_slope, *bias_slope;
  v4 *output, *slope; /* of a block: [units][VECTORS] */
} Layer;

typedef struct {
  int blocks, size;
  v4 *inputs;       /* [blocks][dims][VECTORS] */
  v4 *labels, *live; /* [blocks][VECTORS]; live is 0 behind the last point */
} Points;

typedef struct {
  double loss;
  double right;
} Metrics;

static v4 splat(float x) { return (v4){x, x, x, x}; }
static float sum(v4 x) { return (x[0] + x[1]) + (x[2] + x[3]); }
static v4 select4(i4 mask, v4 yes, v4 no) { return (v4)((mask & (i4)yes) | (~mask & (i4)no)); }

/* exp of what is not positive, to float's precision: 2^k times a polynomial. */
static v4 exp4(v4 x) {
  x = select4(x < splat(-87.0f), splat(-87.0f), x);
  v4 t = x * splat(1.44269504f) - splat(0.5f);
  i4 k = __builtin_convertvector(t, i4);
  v4 whole = __builtin_convertvector(k, v4);
  v4 r = x - whole * splat(0.693359375f) + whole * splat(2.12194440e-4f);
  v4 p = splat(1.9875691500e-4f);
  p = p * r + splat(1.3981999507e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = p * r * r + r + splat(1.0f);
  return p * (v4)((k + 127) << 23);
}

static void *allocate(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory) exit(1);
  memset(memory, 0, bytes);
  return memory;
}

static uint64_t state;
static float uniform(void) { /* xorshift64* */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (float)((state * 2685821657736338717ull) >> 40) / 16777216.0f;
}

static Points make_points(int dims, int size) {
  Points points = {.blocks = (size + BLOCK - 1) / BLOCK, .size = size};
  points.inputs = allocate(sizeof(float) * BLOCK * points.blocks * dims);
  points.labels = allocate(sizeof(float) * BLOCK * points.blocks);
  points.live = allocate(sizeof(float) * BLOCK * points.blocks);
  for (int row = 0; row < size; row++) {
    int parity = 0;
    for (int d = 0; d < dims; d++) {
      float x = uniform();
      ((float *)points.inputs)[(row / BLOCK * dims + d) * BLOCK + row % BLOCK] = x;
      parity ^= x >= 0.5f;
    }
    ((float *)points.labels)[row] = (float)parity;
    ((float *)points.live)[row] = 1.0f;
  }
  return points;
}

static void free_points(Points points) {
  free(points.inputs);
  free(points.labels);
  free(points.live);
}

static void forward(Layer *layer, const v4 *input, int is_last) {
  for (int unit = 0; unit < layer->units; unit++) {
    const float *kernel = layer->kernel + unit * layer->inputs;
    v4 total[VECTORS];
    for (int v = 0; v < VECTORS; v++) total[v] = splat(layer->bias[unit]);
    for (int i = 0; i < layer->inputs; i++) {
      v4 weight = splat(kernel[i]);
      for (int v = 0; v < VECTORS; v++) total[v] += weight * input[i * VECTORS + v];
    }
    v4 *output = layer->output + unit * VECTORS;
    for (int v = 0; v < VECTORS; v++) output[v] = is_last ? total[v] : (v4)((i4)total[v] & (total[v] > splat(0)));
  }
}

/* Loss, right answers and the slope at each logit. */
static void head(const Layer *last, const Points *points, int block, Metrics *metrics) {
  v4 loss = splat(0), right = splat(0), product = splat(1);
  for (int v = 0; v < VECTORS; v++) {
    v4 z = last->output[v], label = points->labels[block * VECTORS + v], live = points->live[block * VECTORS + v];
    i4 positive = z > splat(0);
    v4 e = exp4(select4(positive, -z, z));
    v4 inverse = splat(1) / (splat(1) + e);
    v4 p = select4(positive, inverse, e * inverse);
    loss += live * (select4(positive, z, splat(0)) - label * z);
    /* At most 2^16 after 16 factors. */
    product *= splat(1) + live * e;
    right += live * select4(positive, label, splat(1) - label);
    last->slope[v] = live * (p - label);
  }
  metrics->loss += sum(loss) + log((double)product[0] * product[1] * product[2] * product[3]);
  metrics->right += sum(right);
}

static void backward(Layer *layer, const v4 *input, Layer *before) {
  for (int unit = 0; unit < layer->units; unit++) {
    const v4 *slope = layer->slope + unit * VECTORS;
    v4 total = splat(0);
    for (int v = 0; v < VECTORS; v++) total += slope[v];
    layer->bias_slope[unit] += sum(total);
    for (int i = 0; i < layer->inputs; i++) {
      v4 product = splat(0);
      for (int v = 0; v < VECTORS; v++) product += slope[v] * input[i * VECTORS + v];
      layer->kernel_slope[unit * layer->inputs + i] += sum(product);
    }
  }
  if (!before) return;
  for (int i = 0; i < layer->inputs; i++) {
    v4 total[VECTORS];
    for (int v = 0; v < VECTORS; v++) total[v] = splat(0);
    for (int unit = 0; unit < layer->units; unit++) {
      v4 weight = splat(layer->kernel[unit * layer->inputs + i]);
      for (int v = 0; v < VECTORS; v++) total[v] += weight * layer->slope[unit * VECTORS + v];
    }
    for (int v = 0; v < VECTORS; v++) {
      before->slope[i * VECTORS + v] = (v4)((i4)total[v] & (before->output[i * VECTORS + v] > splat(0)));
    }
  }
}

static Metrics pass(Layer *layers, int count, const Points *points, int is_training) {
  Metrics metrics = {0, 0};
  int dims = layers[0].inputs;
  for (int block = 0; block < points->blocks; block++) {
    const v4 *input = points->inputs + (size_t)block * dims * VECTORS;
    for (int l = 0; l < count; l++) forward(&layers[l], l ? layers[l - 1].output : input, l == count - 1);
    head(&layers[count - 1], points, block, &metrics);
    for (int l = count - 1; is_training && l >= 0; l--) {
      backward(&layers[l], l ? layers[l - 1].output : input, l ? &layers[l - 1] : NULL);
    }
  }
  metrics.loss /= points->size;
  metrics.right /= points->size;
  return metrics;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void answer(char *line) {
  int numbers[MAX_LAYERS + 8] = {0}, count = 0;
  double rate = 0;
  for (char *word = strtok(line, " \n"); word && count < MAX_LAYERS + 6; word = strtok(NULL, " \n")) {
    if (count == 4) rate = atof(word);
    numbers[count++] = atoi(word);
  }
  int dims = numbers[0], epochs = numbers[1], layer_count = count - 6 + 1, parameters = 0;
  state = 0x9E3779B97F4A7C15ull ^ (uint64_t)numbers[5];
  Points train = make_points(dims, numbers[2]), validation = make_points(dims, numbers[3]);
  Layer layers[MAX_LAYERS + 1];
  for (int l = 0; l < layer_count; l++) {
    layers[l].inputs = l ? layers[l - 1].units : dims;
    layers[l].units = l < layer_count - 1 ? numbers[6 + l] : 1;
    parameters += (layers[l].inputs + 1) * layers[l].units;
    layers[l].output = allocate(sizeof(float) * BLOCK * layers[l].units);
    layers[l].slope = allocate(sizeof(float) * BLOCK * layers[l].units);
  }
  float *values = allocate(sizeof(float) * parameters), *slopes = allocate(sizeof(float) * parameters);
  float *means = allocate(sizeof(float) * parameters), *squares = allocate(sizeof(float) * parameters);
  for (int l = 0, at = 0; l < layer_count; l++) {
    int size = layers[l].inputs * layers[l].units;
    float bound = 1.0f / sqrtf((float)layers[l].inputs);
    layers[l].kernel = values + at;
    layers[l].bias = values + at + size;
    layers[l].kernel_slope = slopes + at;
    layers[l].bias_slope = slopes + at + size;
    for (int i = 0; i < size + layers[l].units; i++) values[at + i] = (2 * uniform() - 1) * bound;
    at += size + layers[l].units;
  }
  Metrics metrics = {0, 0};
  volatile double kept = 0;
  double started = now();
  for (int epoch = 1; epoch <= epochs; epoch++) {
    memset(slopes, 0, sizeof(float) * parameters);
    metrics = pass(layers, layer_count, &train, 1);
    float scale = 1.0f / train.size;
    float step = (float)(rate / (1 - pow(0.9, epoch))), correction = (float)(1 / (1 - pow(0.999, epoch)));
    for (int i = 0; i < parameters; i++) {
      float slope = slopes[i] * scale;
      means[i] = 0.9f * means[i] + 0.1f * slope;
      squares[i] = 0.999f * squares[i] + 0.001f * slope * slope;
      values[i] -= step * means[i] / (sqrtf(squares[i] * correction) + 1e-8f);
    }
    kept += pass(layers, layer_count, &validation, 0).loss;
  }
  double took = now() - started;
  printf("%.3f loss %.4f, accuracy %.4f\n", took, metrics.loss, metrics.right);
  fflush(stdout);
  for (int l = 0; l < layer_count; l++) {
    free(layers[l].output);
    free(layers[l].slope);
  }
  free(values);
  free(slopes);
  free(means);
  free(squares);
  free_points(train);
  free_points(validation);
}

int main(void) {
  char line[4096];
  printf("ready a fused loop in C\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) answer(line);
  return 0;
}
